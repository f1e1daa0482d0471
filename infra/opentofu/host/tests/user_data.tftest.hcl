variables {
  caracal_version = "1.2.3"
  sts_host        = "sts.example.com"
  gateway_host    = "gateway.example.com"
  console_host    = "caracal.example.com"
  log_origin      = "caracal.example.com"
  upstream_hosts  = ["api.partner.example.com"]
}

run "user_data" {
  command = plan
  assert {
    condition     = startswith(output.user_data, "#cloud-config\n") && length(yamldecode(output.user_data).write_files) == 4
    error_message = "cloud-init would not take it"
  }
}

run "no_version" {
  command = plan
  variables {
    caracal_version = "latest"
  }
  expect_failures = [var.caracal_version]
}

run "no_host_names" {
  command = plan
  variables {
    sts_host     = "https://sts.example.com"
    gateway_host = "gateway"
    console_host = "caracal.example.com {"
    log_origin   = "localhost"
  }
  expect_failures = [var.sts_host, var.gateway_host, var.console_host, var.log_origin]
}

run "every_host" {
  command = plan
  variables {
    upstream_hosts = ["*"]
  }
  expect_failures = [var.upstream_hosts]
}

run "a_line_of_its_own" {
  command = plan
  variables {
    private_upstream_hosts = ["db.internal\nCARACAL_MODE=dev"]
  }
  expect_failures = [var.private_upstream_hosts]
}
