# What nobody else can decide has no default.

variable "name" {
  description = "Name of the release."
  type        = string
  default     = "caracal"
  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "At most 40 small letters, digits and hyphens, with a letter first."
  }
}

variable "namespace" {
  description = "Namespace of the release. It exists already, with the runtime Secret in it."
  type        = string
  default     = "caracal"
  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "A namespace is at most 63 small letters, digits and hyphens."
  }
}

variable "chart" {
  description = "The chart: that of the releases, a copy in a registry of yours, or a path."
  type        = string
  default     = "oci://ghcr.io/garudex-labs/charts/caracal"
}

variable "chart_version" {
  description = "Version of the chart, and so of Caracal, such as 1.2.3."
  type        = string
  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$", var.chart_version))
    error_message = "Name one version, such as 1.2.3: a range is another version tomorrow."
  }
}

variable "registry" {
  description = "Where nodes fetch the image from, without a last slash."
  type        = string
  default     = "ghcr.io/garudex-labs"
}

variable "image_digest" {
  description = "Digest of the image, `sha256:…`, instead of the tag of the version. Empty takes the tag."
  type        = string
  default     = ""
  validation {
    condition     = var.image_digest == "" || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "A digest is sha256: and 64 hexadecimal digits."
  }
}

variable "issuer_url" {
  description = "The STS as its clients know it: `iss` of every mandate, for good."
  type        = string
  validation {
    condition     = can(regex("^https://[^/?#]+$", var.issuer_url))
    error_message = "An https URL without a path."
  }
}

variable "gateway_url" {
  description = "The Gateway as its clients know it: part of the identifier of every resource that has an address."
  type        = string
  validation {
    condition     = can(regex("^https://[^/?#]+$", var.gateway_url))
    error_message = "An https URL without a path."
  }
}

variable "console_url" {
  description = "Where browsers find the console."
  type        = string
  validation {
    condition     = can(regex("^https://[^/?#]+$", var.console_url))
    error_message = "An https URL without a path."
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

variable "runtime_secret_name" {
  description = "Secret with the files of `caracald secrets init`. It is made before the release and not by this module."
  type        = string
  default     = "caracal-runtime"
}

variable "secrets_revision" {
  description = "Raise it after the Secret changed: every role is replaced, one after the other."
  type        = string
  default     = "1"
}

variable "database_connection_limit" {
  description = "Connections that PostgreSQL gives to this release. The chart refuses roles that could need more."
  type        = number
  validation {
    condition     = var.database_connection_limit >= 50 && floor(var.database_connection_limit) == var.database_connection_limit
    error_message = "A whole number of at least 50."
  }
}

variable "postgresql_cidrs" {
  description = "Networks that PostgreSQL is in."
  type        = list(string)
  validation {
    condition     = length(var.postgresql_cidrs) > 0 && alltrue([for cidr in var.postgresql_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "At least one network, and never every address."
  }
}

variable "postgresql_port" {
  description = "Port of PostgreSQL."
  type        = number
  default     = 5432
}

variable "redis_cidrs" {
  description = "Networks that Redis is in."
  type        = list(string)
  validation {
    condition     = length(var.redis_cidrs) > 0 && alltrue([for cidr in var.redis_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "At least one network, and never every address."
  }
}

variable "redis_port" {
  description = "Port of Redis: 6379 on EKS, 6378 with TLS on Google Cloud, 6380 with TLS on Azure."
  type        = number
  default     = 6379
}

variable "upstream_hosts" {
  description = "Hosts that the Gateway may call at all, such as api.partner.example.com or *.internal.example.com."
  type        = list(string)
  validation {
    condition     = length(var.upstream_hosts) > 0 && !contains(var.upstream_hosts, "*")
    error_message = "Name the hosts of your upstreams: neither none nor all."
  }
}

variable "private_upstream_hosts" {
  description = "Hosts among them that may be in the cluster or on a private network."
  type        = list(string)
  default     = []
}

variable "upstream_networks" {
  description = "Networks and ports that the Gateway's upstreams are in."
  type        = list(object({ cidr = string, ports = list(number) }))
  validation {
    condition     = length(var.upstream_networks) > 0 && alltrue([for upstream in var.upstream_networks : can(cidrhost(upstream.cidr, 0)) && length(upstream.ports) > 0])
    error_message = "At least one network, each with its ports."
  }
}

variable "ingress_class_name" {
  description = "Class of the Ingresses: alb on EKS, gce on GKE, webapprouting.kubernetes.azure.com on AKS, nginx."
  type        = string
}

variable "ingress_annotations" {
  description = "Annotations of every Ingress."
  type        = map(string)
  default     = {}
}

variable "ingress_cidrs" {
  description = "Networks that requests come from: those of the load balancer or of the Ingress controller."
  type        = list(string)
  validation {
    condition     = length(var.ingress_cidrs) > 0 && alltrue([for cidr in var.ingress_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "At least one network, and never every address."
  }
}

variable "tls_secret_names" {
  description = "Secrets with the certificates of `web`, `sts` and `gateway`. None says that the load balancer has them."
  type        = map(string)
  default     = {}
  validation {
    condition     = contains([0, 3], length(var.tls_secret_names)) && length(setsubtract(keys(var.tls_secret_names), ["web", "sts", "gateway"])) == 0
    error_message = "One for each of web, sts and gateway, or none."
  }
}

variable "storage_class_name" {
  description = "Class of the volumes for evidence on its way: gp3, premium-rwo, managed-csi. Empty is the cluster's default."
  type        = string
  default     = ""
}

variable "service_account_annotations" {
  description = "Annotations of every account, such as an identity at the cloud."
  type        = map(string)
  default     = {}
}

variable "pod_labels" {
  description = "Labels of every pod."
  type        = map(string)
  default     = {}
}

variable "further_values" {
  description = "Further values of the chart as YAML, the later ones before the earlier ones: replicas, metrics, alerts, a stricter policy."
  type        = list(string)
  default     = []
}

variable "timeout_seconds" {
  description = "How long the migration and the roles may take to be ready."
  type        = number
  default     = 900
  validation {
    condition     = var.timeout_seconds >= 60
    error_message = "At least a minute: the migration alone may take as long."
  }
}
