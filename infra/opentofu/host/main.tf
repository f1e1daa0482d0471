# What cloud-init makes of a fresh machine: the Compose file of this version behind a proxy that ends TLS. Secrets are made on
# the machine itself, so none is in the state or in what the cloud keeps as user data.
locals {
  environment = {
    CARACAL_VERSION                = var.caracal_version
    CARACAL_REGISTRY               = var.registry
    CARACAL_MODE                   = "stable"
    CARACAL_STS_ISSUER_URL         = "https://${var.sts_host}"
    GATEWAY_PUBLIC_URL             = "https://${var.gateway_host}"
    CONSOLE_URL                    = "https://${var.console_host}"
    CARACAL_LOG_ORIGIN             = var.log_origin
    UPSTREAM_HOST_ALLOWLIST        = join(",", var.upstream_hosts)
    GATEWAY_PRIVATE_UPSTREAM_HOSTS = join(",", var.private_upstream_hosts)
  }
  proxied = {
    (var.console_host) = 3001
    (var.sts_host)     = 8080
    (var.gateway_host) = 8081
  }
  files = {
    "/opt/caracal/runtime-compose.yml" = file("${path.module}/../../docker/runtime-compose.yml")
    "/opt/caracal/.env"                = join("", [for name, value in local.environment : "${name}=${value}\n"])
    "/etc/systemd/system/caracal.service" = templatefile("${path.module}/caracal.service.tftpl", {
      image = "${var.registry}caracal:v${var.caracal_version}"
    })
    # A certificate for each name comes by ACME, for which ports 80 and 443 have to be reached from outside.
    "/etc/caddy/Caddyfile" = join("", [for host, port in local.proxied : "${host} {\n\treverse_proxy 127.0.0.1:${port}\n}\n"])
  }
  user_data = join("\n", ["#cloud-config", yamlencode({
    package_update = true
    packages       = var.packages
    write_files = [for path, content in local.files : {
      path        = path
      permissions = "0644"
      owner       = "root:root"
      encoding    = "gz+b64"
      content     = base64gzip(content)
    }]
    runcmd = [
      ["install", "--directory", "--mode=0700", "/opt/caracal/secrets"],
      ["install", "--directory", "--mode=0755", "/opt/caracal/ca", "/opt/caracal/control"],
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", "docker.service", "caracal.service"],
      ["systemctl", "enable", "caddy.service"],
      ["systemctl", "restart", "caddy.service"],
    ]
  })])
}
