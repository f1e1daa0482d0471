output "user_data" {
  description = "What cloud-init is given. Nothing in it is secret."
  value       = local.user_data
  precondition {
    # The least that a cloud of the handbook takes.
    condition     = length(local.user_data) <= 16384
    error_message = "More than the 16 KiB that Amazon EC2 takes as user data."
  }
}

output "urls" {
  description = "Where clients find what is open to them. Let each name lead to the machine."
  value       = { console = "https://${var.console_host}", sts = "https://${var.sts_host}", gateway = "https://${var.gateway_host}" }
}
