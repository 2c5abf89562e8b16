# The reference deployment: both alert paths of the Ananta Platform, its host in a small VPC of its own.
provider "aws" {
  region = var.region
}

module "alerting" {
  source = "../.."

  platform      = yamldecode(file("${path.module}/platform.yaml"))
  external_urls = var.external_urls
  smtp          = var.smtp
  monitoring    = var.monitoring

  pagerduty_region     = var.pagerduty_region
  pagerduty_events_url = var.pagerduty_events_url

  cloudwatch = var.cloudwatch
  forwarders = var.forwarders
  secrets    = { recovery_window_days = var.disposable ? 0 : 30 }

  host = {
    # By the association, because the host needs its way out at its first boot.
    subnet = {
      id                = aws_route_table_association.monitoring.subnet_id
      availability_zone = aws_subnet.monitoring.availability_zone
      vpc_id            = aws_vpc.monitoring.id
    }
    public_ip       = true
    session_manager = true
    ui_clients      = { operators = { security_group_id = aws_security_group.operators.id } }
    target_networks = { platform = { cidr_ipv4 = aws_vpc.monitoring.cidr_block } }
    disposable      = var.disposable

    heartbeat_missing_minutes = var.heartbeat_missing_minutes
  }

  tags = { platform = "ananta", managed-by = "terraform" }
}
