# What nobody else can decide has no default.

variable "caracal_version" {
  description = "Version of Caracal, such as 1.2.3: the tag of the image without its v."
  type        = string
  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$", var.caracal_version))
    error_message = "Name one version, such as 1.2.3."
  }
}

variable "registry" {
  description = "Where the host fetches the image from, with its last slash."
  type        = string
  default     = "ghcr.io/garudex-labs/"
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._:/-]*/$", var.registry))
    error_message = "A registry without a scheme and with its last slash, such as ghcr.io/garudex-labs/."
  }
}

variable "sts_host" {
  description = "Host name of the STS. https:// before it is `iss` of every mandate, for good."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", var.sts_host)) && strcontains(var.sts_host, ".")
    error_message = "A whole host name, such as sts.example.com."
  }
}

variable "gateway_host" {
  description = "Host name of the Gateway: part of the identifier of every resource that has an address."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", var.gateway_host)) && strcontains(var.gateway_host, ".")
    error_message = "A whole host name, such as gateway.example.com."
  }
}

variable "console_host" {
  description = "Host name of the console."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", var.console_host)) && strcontains(var.console_host, ".")
    error_message = "A whole host name, such as caracal.example.com."
  }
}

variable "log_origin" {
  description = "What checkpoints of the ledger are signed as, for good: a host name of yours."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._~:/-]{0,99}$", var.log_origin)) && var.log_origin != "localhost"
    error_message = "A host name of yours, and perhaps a path, of at most 100 characters."
  }
}

variable "upstream_hosts" {
  description = "Hosts that the Gateway may call at all, such as api.partner.example.com or *.internal.example.com."
  type        = list(string)
  validation {
    condition     = length(var.upstream_hosts) > 0 && alltrue([for host in var.upstream_hosts : can(regex("^(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", host))])
    error_message = "Name the hosts of your upstreams: neither none nor all."
  }
}

variable "private_upstream_hosts" {
  description = "Hosts among them that are on this host or a private network."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for host in var.private_upstream_hosts : can(regex("^(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", host))])
    error_message = "Host names."
  }
}

variable "packages" {
  description = "Packages that give the host Docker 20.10 or newer, Compose 2.24 or newer, and Caddy. The default is for Debian 13."
  type        = list(string)
  default     = ["ca-certificates", "docker.io", "docker-cli", "docker-compose", "caddy"]
  validation {
    condition     = alltrue([for package in var.packages : can(regex("^[a-z0-9][a-z0-9+.-]+$", package))])
    error_message = "Names of packages."
  }
}
