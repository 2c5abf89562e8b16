# A small VPC, so that the example stands alone. A platform that has one passes its own subnet instead.
data "aws_availability_zones" "available" {
  # checkov:skip=CKV_AWS_394: the first zone is taken, a new one changes nothing
  state = "available"
}

resource "aws_vpc" "monitoring" { #trivy:ignore:AVD-AWS-0178 an example: flow logs are the network's business, not alerting's
  # checkov:skip=CKV2_AWS_11: an example: flow logs are the network's business, not alerting's
  cidr_block           = "10.20.0.0/24"
  enable_dns_hostnames = true

  tags = { Name = "ananta-monitoring" }
}

# Nobody uses the VPC's default group: it lets nothing in or out.
resource "aws_default_security_group" "monitoring" {
  vpc_id = aws_vpc.monitoring.id
}

resource "aws_subnet" "monitoring" {
  vpc_id            = aws_vpc.monitoring.id
  cidr_block        = "10.20.0.0/26"
  availability_zone = data.aws_availability_zones.available.names[0]

  tags = { Name = "ananta-monitoring" }
}

resource "aws_internet_gateway" "monitoring" {
  vpc_id = aws_vpc.monitoring.id

  tags = { Name = "ananta-monitoring" }
}

resource "aws_route_table" "monitoring" {
  vpc_id = aws_vpc.monitoring.id

  tags = { Name = "ananta-monitoring" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.monitoring.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.monitoring.id
}

resource "aws_route_table_association" "monitoring" {
  subnet_id      = aws_subnet.monitoring.id
  route_table_id = aws_route_table.monitoring.id

  depends_on = [aws_route.internet]
}

# Whoever carries this group may open Prometheus, Alertmanager and Grafana: the VPN's or the bastion's interfaces, say.
resource "aws_security_group" "operators" {
  # checkov:skip=CKV2_AWS_5: it is for the operators' machines, which are not part of the example
  name        = "ananta-operators"
  description = "Carried by the operators' machines"
  vpc_id      = aws_vpc.monitoring.id

  tags = { Name = "ananta-operators" }
}
