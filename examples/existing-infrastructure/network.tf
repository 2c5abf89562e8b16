# What stands for the platform's own network. The subnet's way out is a NAT's business and left away here.
data "aws_availability_zones" "available" {
  # checkov:skip=CKV_AWS_394: the first zone is taken, a new one changes nothing
  state = "available"
}

resource "aws_vpc" "platform" { #trivy:ignore:AVD-AWS-0178 an example: flow logs are the network's business, not alerting's
  # checkov:skip=CKV2_AWS_11: an example: flow logs are the network's business, not alerting's
  cidr_block           = "10.30.0.0/24"
  enable_dns_hostnames = true

  tags = { Name = "harbour" }
}

resource "aws_default_security_group" "platform" {
  vpc_id = aws_vpc.platform.id
}

resource "aws_subnet" "platform" {
  vpc_id            = aws_vpc.platform.id
  cidr_block        = "10.30.0.0/26"
  availability_zone = data.aws_availability_zones.available.names[0]

  tags = { Name = "harbour" }
}

resource "aws_security_group" "bastion" {
  # checkov:skip=CKV2_AWS_5: the bastion is not part of the example
  name        = "harbour-bastion"
  description = "The bastion"
  vpc_id      = aws_vpc.platform.id
}

resource "aws_security_group" "forwarders" {
  # checkov:skip=CKV2_AWS_5: the module's functions carry it
  name        = "harbour-forwarders"
  description = "The alert forwarders"
  vpc_id      = aws_vpc.platform.id
}

resource "aws_vpc_security_group_egress_rule" "forwarders" {
  security_group_id = aws_security_group.forwarders.id
  description       = "PagerDuty, Slack, Secrets Manager: their addresses change"
  cidr_ipv4         = "0.0.0.0/0" #trivy:ignore:AVD-AWS-0104 the addresses of PagerDuty and Slack change without notice
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
