# Caracal on Amazon EKS. Every address is an example.
module "caracal" {
  source = "../"

  chart_version = "0.1.0"
  issuer_url    = "https://sts.caracal.example.com"
  gateway_url   = "https://gateway.caracal.example.com"
  console_url   = "https://caracal.example.com"
  log_origin    = "caracal.example.com"

  database_connection_limit = 400
  postgresql_cidrs          = ["10.20.0.0/24"]
  redis_cidrs               = ["10.20.1.0/24"]

  upstream_hosts    = ["api.partner.example.com"]
  upstream_networks = [{ cidr = "203.0.113.0/24", ports = [443] }]

  ingress_class_name = "alb"
  ingress_cidrs      = ["10.10.0.0/16"]
  ingress_annotations = {
    "alb.ingress.kubernetes.io/scheme"           = "internal"
    "alb.ingress.kubernetes.io/target-type"      = "ip"
    "alb.ingress.kubernetes.io/listen-ports"     = jsonencode([{ HTTPS = 443 }])
    "alb.ingress.kubernetes.io/healthcheck-path" = "/ready"
  }
  storage_class_name          = "gp3"
  service_account_annotations = { "eks.amazonaws.com/role-arn" = "arn:aws:iam::111122223333:role/caracal" }
}

output "urls" {
  description = "Where clients find what is open to them."
  value       = module.caracal.urls
}
