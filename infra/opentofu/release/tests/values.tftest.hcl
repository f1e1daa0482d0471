# What the module refuses before it asks anything of a cluster. It runs without the provider of Helm as well: the release
# itself is then left out, for nothing here is about it.
variables {
  chart_version             = "1.2.3"
  issuer_url                = "https://sts.example.com"
  gateway_url               = "https://gateway.example.com"
  console_url               = "https://caracal.example.com"
  log_origin                = "caracal.example.com"
  database_connection_limit = 400
  postgresql_cidrs          = ["10.20.0.0/24"]
  redis_cidrs               = ["10.20.1.0/24"]
  upstream_hosts            = ["api.partner.example.com", "*.internal.example.com"]
  upstream_networks         = [{ cidr = "203.0.113.0/24", ports = [443, 8443] }]
  ingress_class_name        = "nginx"
  ingress_cidrs             = ["10.10.0.0/16"]
}

run "values" {
  command = plan
  assert {
    condition     = yamldecode(output.values).gateway.upstreamHostAllowlist == "api.partner.example.com,*.internal.example.com"
    error_message = "the hosts are not joined as the Gateway reads them"
  }
  assert {
    condition     = yamldecode(output.values).ingress.tlsTerminatedElsewhere
    error_message = "without certificates the load balancer has them"
  }
  assert {
    condition     = length(yamldecode(output.values).networkPolicy.egress.gateway[0].ports) == 2
    error_message = "a port of the upstreams is missing"
  }
}

run "certificates" {
  command = plan
  variables {
    tls_secret_names = { web = "web-tls", sts = "sts-tls", gateway = "gateway-tls" }
  }
  assert {
    condition     = !yamldecode(output.values).ingress.tlsTerminatedElsewhere && yamldecode(output.values).ingress.sts.tlsSecretName == "sts-tls"
    error_message = "the certificates are not those that were named"
  }
}

run "a_range_of_versions" {
  command = plan
  variables {
    chart_version = "~> 1.2"
  }
  expect_failures = [var.chart_version]
}

run "plain_http" {
  command = plan
  variables {
    issuer_url  = "http://sts.example.com"
    gateway_url = "https://gateway.example.com/path"
  }
  expect_failures = [var.issuer_url, var.gateway_url]
}

run "every_host" {
  command = plan
  variables {
    upstream_hosts = ["*"]
  }
  expect_failures = [var.upstream_hosts]
}

run "every_address" {
  command = plan
  variables {
    postgresql_cidrs = ["0.0.0.0/0"]
    redis_cidrs      = []
    ingress_cidrs    = ["::/0"]
  }
  expect_failures = [var.postgresql_cidrs, var.redis_cidrs, var.ingress_cidrs]
}

run "a_certificate_is_missing" {
  command = plan
  variables {
    tls_secret_names = { web = "web-tls" }
  }
  expect_failures = [var.tls_secret_names]
}

run "no_origin_and_no_digest" {
  command = plan
  variables {
    log_origin   = "localhost"
    image_digest = "latest"
  }
  expect_failures = [var.log_origin, var.image_digest]
}
