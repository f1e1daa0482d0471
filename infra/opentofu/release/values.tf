locals {
  blocks = { for name, cidrs in {
    postgresql = var.postgresql_cidrs
    redis      = var.redis_cidrs
    ingress    = var.ingress_cidrs
  } : name => [for cidr in cidrs : { ipBlock = { cidr = cidr } }] }
  edge = { for role in ["web", "sts", "gateway"] : role => {
    enabled       = true
    tlsSecretName = lookup(var.tls_secret_names, role, "")
  } }
  values = yamlencode({
    global = {
      mode      = "stable"
      registry  = var.registry
      digest    = var.image_digest
      podLabels = var.pod_labels
    }
    serviceAccount = { annotations = var.service_account_annotations }
    secrets        = { runtimeSecretName = var.runtime_secret_name, revision = var.secrets_revision }
    database       = { connectionLimit = var.database_connection_limit }
    sts            = { issuerUrl = var.issuer_url }
    gateway = {
      publicUrl             = var.gateway_url
      upstreamHostAllowlist = join(",", var.upstream_hosts)
      privateUpstreamHosts  = join(",", var.private_upstream_hosts)
    }
    audit             = { logOrigin = var.log_origin }
    web               = { publicUrl = var.console_url }
    replayPersistence = { storageClassName = var.storage_class_name }
    ingress = merge(local.edge, {
      className              = var.ingress_class_name
      annotations            = var.ingress_annotations
      tlsTerminatedElsewhere = length(var.tls_secret_names) == 0
    })
    networkPolicy = {
      postgresql        = { port = var.postgresql_port, peers = local.blocks.postgresql }
      redis             = { port = var.redis_port, peers = local.blocks.redis }
      ingressController = local.blocks.ingress
      egress = { gateway = [for upstream in var.upstream_networks : {
        to    = [{ ipBlock = { cidr = upstream.cidr } }]
        ports = [for port in upstream.ports : { protocol = "TCP", port = port }]
      }] }
    }
  })
}
