# Three deployments of one platform side by side: two in one account and region, kept apart by name, and one in another region.
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

provider "aws" {
  alias  = "elsewhere"
  region = "eu-west-1"
}

locals {
  platform = yamldecode(file("${path.module}/../../../examples/minimal/platform.yaml"))
  secrets  = { recovery_window_days = 0 }
}

module "production" {
  source = "../../.."

  platform = local.platform
  secrets  = local.secrets
  host     = { subnet = data.aws_subnet.here, disposable = true }
}

module "staging" {
  source = "../../.."

  platform = local.platform
  name     = "shop-staging"
  secrets  = local.secrets
  host     = { subnet = data.aws_subnet.here, disposable = true }
}

module "elsewhere" {
  source    = "../../.."
  providers = { aws = aws.elsewhere }

  platform = local.platform
  secrets  = local.secrets
  host     = { subnet = data.aws_subnet.elsewhere, disposable = true }
}

output "deployments" {
  value = { production = module.production, staging = module.staging, elsewhere = module.elsewhere }
}
