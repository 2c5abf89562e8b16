# The description is read by people, and its last lines by the forwarders: the labels and links that CloudWatch has no field for.
locals {
  # Of what Prometheus knows, too, the dashboard opens on the very service.
  dashboards = {
    for name, alarm in local.every_alarm : name => join("&", compact([
      "${var.external_urls.grafana}/d/${var.dashboard_uid}?var-plane=${urlencode(alarm.plane)}",
      contains(keys(var.catalogue.services), alarm.service) ? "var-service=${urlencode(alarm.service)}" : "",
    ]))
  }
  descriptions = {
    for name, alarm in local.every_alarm : name => join("\n", compact([
      join(" ", compact([alarm.about, try(local.quiets[name], "")])),
      "Labels: severity=${alarm.severity}, category=${alarm.category}, plane=${alarm.plane}, service=${alarm.service}",
      var.external_urls.runbooks == "" ? "" : "Runbook: ${var.external_urls.runbooks}/${alarm.runbook}",
      var.external_urls.grafana == "" ? "" : "Dashboard: ${local.dashboards[name]}",
    ]))
  }
}
