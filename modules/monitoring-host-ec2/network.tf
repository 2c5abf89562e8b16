resource "aws_security_group" "this" {
  name        = local.host_name
  description = "The monitoring host of ${var.name}"
  vpc_id      = var.subnet.vpc_id

  tags = merge(var.tags, { Name = local.host_name })

  lifecycle {
    create_before_destroy = true
  }
}

# In: the user interfaces, from the groups that the caller names, and nothing else.
locals {
  ui_ports = { prometheus = var.ports.prometheus, alertmanager = var.ports.alertmanager, grafana = var.ports.grafana }
  ui_rules = merge([
    for client, group in var.ui_clients : { for ui, port in local.ui_ports : "${client}-${ui}" => { group = group.security_group_id, port = port, ui = ui, client = client } }
  ]...)
}

resource "aws_vpc_security_group_ingress_rule" "ui" {
  for_each = local.ui_rules

  security_group_id            = aws_security_group.this.id
  description                  = "${each.value.ui} for ${each.value.client}"
  referenced_security_group_id = each.value.group
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = var.tags
}

# Out: TLS to AWS, PagerDuty, Slack and the image registry, mail, and the ports of the catalogue's own targets.
locals {
  target_ports = distinct(flatten([
    for service in values(var.catalogue.services) : concat(
      service.metrics == null ? [] : [for target in service.metrics.targets : tonumber(element(split(":", target), 1))],
      [for probe in service.probes : probe.type == "tcp"
        ? tonumber(element(split(":", probe.target), length(split(":", probe.target)) - 1))
        : tonumber(try(regex("^https?://[^/?#]*:([0-9]+)(?:[/?#]|$)", probe.target)[0], startswith(probe.target, "https:") ? 443 : 80))
      ],
    )
  ]))
  target_rules = merge([
    for network, cidr in var.target_networks : { for port in local.target_ports : "${network}-${port}" => { cidr = cidr.cidr_ipv4, port = port, network = network } }
  ]...)
}

resource "aws_vpc_security_group_egress_rule" "tls" {
  security_group_id = aws_security_group.this.id
  description       = "AWS, PagerDuty, Slack, the image registry: their addresses change"
  cidr_ipv4         = "0.0.0.0/0" #trivy:ignore:AVD-AWS-0104 the addresses of PagerDuty, Slack and the registry change without notice
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "mail" {
  count = var.smtp_port == null ? 0 : 1

  security_group_id = aws_security_group.this.id
  description       = "The mail server"
  cidr_ipv4         = "0.0.0.0/0" #trivy:ignore:AVD-AWS-0104 a mail server's addresses change without notice
  ip_protocol       = "tcp"
  from_port         = var.smtp_port
  to_port           = var.smtp_port

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "targets" {
  for_each = local.target_rules

  security_group_id = aws_security_group.this.id
  description       = "Scrapes and probes in ${each.value.network}"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port

  tags = var.tags

  lifecycle {
    precondition {
      condition     = length(local.target_rules) <= 55
      error_message = "host.target_networks (${length(var.target_networks)}) and the ports of the catalogue's targets (${length(local.target_ports)}) would make ${length(local.target_rules)} rules, a security group takes 60: name one network that holds the others."
    }
  }
}
