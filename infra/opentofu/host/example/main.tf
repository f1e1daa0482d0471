# One Debian 13 on Amazon EC2. Every name is an example; the machine of another cloud takes the same `user_data`.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "image" {
  description = "A Debian 13 image of your region, such as ami-0123456789abcdef0."
  type        = string
}

variable "subnet" {
  description = "Subnet whose machines reach the registry and are reached on 80 and 443."
  type        = string
}

variable "security_groups" {
  description = "Security groups that let 80 and 443 in, and nothing else."
  type        = list(string)
}

module "caracal" {
  source = "../"

  caracal_version = "0.1.0"
  sts_host        = "sts.example.com"
  gateway_host    = "gateway.example.com"
  console_host    = "caracal.example.com"
  log_origin      = "caracal.example.com"
  upstream_hosts  = ["api.partner.example.com"]
}

resource "aws_instance" "caracal" {
  ami                    = var.image
  instance_type          = "m7i.large"
  subnet_id              = var.subnet
  vpc_security_group_ids = var.security_groups
  user_data              = module.caracal.user_data
  # What runs there needs no identity at the cloud, and containers do not reach the service that would tell one.
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  root_block_device {
    encrypted             = true
    volume_size           = 50
    volume_type           = "gp3"
    delete_on_termination = false
  }
  lifecycle {
    # Its disk has the ledger and the secrets: another version is an upgrade on the machine, not another machine.
    ignore_changes = [ami, user_data]
  }
}

output "urls" {
  description = "Where clients find what is open to them."
  value       = module.caracal.urls
}
