# The config release as plain files, without AWS and without any provider: what the module would load on the host.
terraform {
  required_version = ">= 1.9"
}

variable "platform_file" {
  description = "Path of the catalogue, a YAML file."
  type        = string
}

module "platform" {
  source   = "../../modules/platform"
  platform = yamldecode(file(var.platform_file))
}
output "catalogue" { value = module.platform.catalogue }
