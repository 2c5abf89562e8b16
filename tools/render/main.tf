# The config release as plain files, without AWS and without any provider: what the module would load on the host.
terraform {
  required_version = ">= 1.9"
}

variable "platform_file" {
  description = "Path of the catalogue, a YAML file."
  type        = string
}

# The settings of the root module that the files depend on; monitoring-config says what they hold.
variable "monitoring" {
  type    = any
  default = {}
}
variable "external_urls" {
  type    = any
  default = {}
}
variable "smtp" {
  type    = any
  default = null
}
variable "pagerduty_region" {
  type    = string
  default = "us"
}
variable "pagerduty_events_url" {
  type    = string
  default = null
}

module "platform" {
  source = "../../modules/platform"

  platform = yamldecode(file(var.platform_file))
}

module "monitoring_config" {
  source = "../../modules/monitoring-config"

  catalogue            = module.platform.catalogue
  monitoring           = var.monitoring
  heartbeat_url        = try(var.monitoring.heartbeat_url, null)
  external_urls        = var.external_urls
  smtp                 = var.smtp
  pagerduty_region     = var.pagerduty_region
  pagerduty_events_url = var.pagerduty_events_url
}

# One text: Terraform takes longer to plan, compare and show a thousand values than to make them.
output "rendered" {
  value = jsonencode({
    catalogue    = module.platform.catalogue
    files        = module.monitoring_config.files
    hash         = module.monitoring_config.hash
    secret_files = module.monitoring_config.secret_files
  })
}
