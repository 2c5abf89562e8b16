# One service, one database, one Slack channel. With a subnet there is a monitoring host; without one the rules and routes are outputs.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.100, < 7" }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  default = "eu-central-1"
}

variable "subnet_id" {
  default = null
}

data "aws_subnet" "host" {
  count = var.subnet_id == null ? 0 : 1
  id    = var.subnet_id
}

module "alerting" {
  source   = "../.."
  platform = yamldecode(file("${path.module}/platform.yaml"))
  host     = var.subnet_id == null ? null : { subnet = data.aws_subnet.host[0] }
}

output "secrets_to_fill" {
  value = module.alerting.secrets_to_fill
}
