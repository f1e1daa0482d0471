output "values" {
  description = "What the chart is told, as YAML. Nothing in it is secret."
  value       = local.values
}

output "urls" {
  description = "Where clients find what is open to them."
  value       = { console = var.console_url, sts = var.issuer_url, gateway = var.gateway_url }
}
