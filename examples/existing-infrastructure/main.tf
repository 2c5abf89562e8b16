# A platform that brings its own network, key and topics. All of them are made in the same apply here, which is the harder case; with
# ones that exist, the same arguments take data sources.
provider "aws" {
  region = var.region
}

module "alerting" {
  source = "../.."

  platform = yamldecode(file("${path.module}/platform.yaml"))

  cloudwatch = { quiet_database_symptoms = true }

  kms = { key_arn = aws_kms_key.platform.arn, encrypt_logs = true }
  topics = {
    critical = { arn = aws_sns_topic.brought["critical"].arn }
    warning  = { arn = aws_sns_topic.brought["warning"].arn }
  }

  host = {
    subnet          = aws_subnet.platform
    ui_clients      = { bastion = { security_group_id = aws_security_group.bastion.id } }
    target_networks = { platform = { cidr_ipv4 = aws_vpc.platform.cidr_block } }
    disposable      = var.disposable
  }

  forwarders = {
    vpc = { subnet_ids = [aws_subnet.platform.id], security_group_ids = [aws_security_group.forwarders.id] }
  }

  secrets                  = { recovery_window_days = var.disposable ? 0 : 30 }
  permissions_boundary_arn = aws_iam_policy.boundary.arn
  tags                     = { platform = "harbour" }
}
