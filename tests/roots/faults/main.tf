# The CloudWatch path alone, impatient: the fault table waits for every retry.
terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "pagerduty_events_url" {
  type = string
}

variable "secrets_manager_url" {
  type = string
}

module "alerting" {
  source = "../../.."

  platform             = yamldecode(file("${path.module}/platform.yaml"))
  pagerduty_events_url = var.pagerduty_events_url
  secrets              = { recovery_window_days = 0 }
  cloudwatch           = { fallback = { emails = ["fallback@example.org"] } }

  forwarders = {
    timeout_seconds       = 4
    retries               = 1
    give_up_after_seconds = 60
    environment           = { AWS_ENDPOINT_URL_SECRETS_MANAGER = var.secrets_manager_url }
  }
}

output "alerting" {
  value = module.alerting
}

output "secrets_to_fill" {
  value = module.alerting.secrets_to_fill
}
