# Alerts that a service or an SLO of the catalogue brings along.
locals {
  own_alerts = concat(local.service_alerts, flatten(values(local.slo_alerts)))

  service_alerts = flatten([
    for name, s in local.services : [
      for alert, a in s.alerts : {
        name        = alert
        hold        = a.for
        expr        = a.probe == null ? a.expr : "probe_success{plane=\"${s.plane}\",service=\"${name}\",probe=\"${a.probe}\"} == 0"
        down        = "platform:service:down{plane=\"${s.plane}\",service=\"${name}\"}"
        maintenance = local.maintained ? "platform:service:maintenance{plane=\"${s.plane}\",service=\"${name}\"}" : ""
        labels      = merge(a.labels, { severity = a.severity, category = a.category, plane = s.plane, service = name })
        annotations = { for key in ["summary", "description", "impact", "action"] : key => a[key] if a[key] != "" }
        dashboard   = local.dashboard.service
      }
    ]
  ])
  slo_alerts = {
    for id, s in var.catalogue.slos : id => [
      for alert, a in s.alerts : {
        name        = alert
        hold        = a.for
        expr        = a.expr
        down        = s.service == "" ? "" : "platform:service:down{plane=\"${s.plane}\",service=\"${s.service}\"}"
        maintenance = local.maintained && s.plane != "" ? "platform:service:maintenance{plane=\"${s.plane}\",service=\"${s.service}\"}" : ""
        labels      = merge(a.labels, { for key, value in { severity = a.severity, category = a.category, plane = s.plane, service = s.service, slo = id } : key => value if value != "" })
        annotations = { for key in ["summary", "description", "impact", "action"] : key => a[key] if a[key] != "" }
        dashboard   = local.dashboard.slo
      }
    ]
  }

  # An alert that holds for less than its service's Down alert would fire before it and page twice: it waits while the service is down.
  own_alert = { for alert in local.own_alerts : jsonencode([alert.name, alert.labels]) => alert }
  quieting = {
    for key, alert in local.own_alert : key => compact([local.ms[alert.hold] < local.ms["1m"] ? alert.down : "", alert.maintenance])
  }
  printed_alert = {
    for key, alert in local.own_alert : key => {
      name = alert.name
      hold = local.hold[alert.hold]
      keep = contains(local.down_alerts, alert.name) ? local.keep.down : ""
      expr = indent(10, length(local.quieting[key]) == 0 ? trimspace(alert.expr) : join("\n", concat(
        ["(${trimspace(alert.expr)})"], [for series in local.quieting[key] : "unless on () ${series}"],
      )))
      labels      = jsonencode(alert.labels)
      annotations = { for key, value in alert.annotations : key => jsonencode(value) }
      runbook     = local.runbook[alert.name]
      dashboard   = alert.dashboard
    }
  }
  service_alert_groups = chunklist([for alert in local.service_alerts : local.printed_alert[jsonencode([alert.name, alert.labels])]], local.rules_a_group)
}
