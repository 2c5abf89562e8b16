# One empty secret for each file that Alertmanager and the forwarders read. Values come from outside, never through Terraform.
resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV2_AWS_57: the values are PagerDuty's, Slack's and the mail server's: they are rotated there and filled in by the operator
  # checkov:skip=CKV_AWS_149: AWS' own key unless the caller brings one: a key of this module's would die with it, and a secret restored within its recovery window could not be read any more
  for_each = local.secrets #trivy:ignore:AVD-AWS-0098 AWS' own key unless the caller brings one: a key of this module's would die with it

  name                    = each.value.id
  description             = each.value.description
  recovery_window_in_days = var.recovery_window_days
  kms_key_id              = var.kms == null ? null : var.kms.key_arn

  tags = var.tags
}

locals {
  secrets = { for file, description in var.files : file => { id = "${var.name}/${replace(file, "_", "-")}", description = description } }
}
