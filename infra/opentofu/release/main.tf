# One release of the chart. Everything that it is told is in `values.tf`; nothing secret passes through here, so nothing
# secret is in the state: the Secret that `runtime_secret_name` names has to be there before.
resource "helm_release" "caracal" {
  name             = var.name
  namespace        = var.namespace
  create_namespace = false
  chart            = var.chart
  version          = var.chart_version
  values           = concat([local.values], var.further_values)
  # A role that is not ready in time fails the release; what served before goes on serving.
  wait    = true
  timeout = var.timeout_seconds
}
