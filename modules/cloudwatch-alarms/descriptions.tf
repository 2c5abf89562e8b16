# The description is read by people, and its last lines by the forwarders: the labels and links that CloudWatch has no field for.
locals {
  durations = {
    for name, alarm in local.alarms : name => alarm.period * alarm.periods >= 120 ? "${alarm.period * alarm.periods / 60} minutes" : "${alarm.period * alarm.periods} seconds"
  }
  # Of what Prometheus knows, too, the dashboard opens on the very service.
  dashboards = {
    for name, alarm in local.alarms : name => join("&", compact([
      "${var.external_urls.grafana}/d/${var.dashboard_uid}?var-plane=${urlencode(alarm.plane)}",
      contains(keys(var.catalogue.services), alarm.service) ? "var-service=${urlencode(alarm.service)}" : "",
    ]))
  }
  descriptions = {
    for name, alarm in local.alarms : name => join("\n", compact([
      "${alarm.metric} of ${alarm.resource} ${alarm.comparison} ${alarm.threshold} ${alarm.unit} ${alarm.periods == 1 ? "within" : "for"} ${local.durations[name]}. ${alarm.reason}",
      "Labels: severity=${alarm.severity}, category=${alarm.category}, plane=${alarm.plane}, service=${alarm.service}",
      var.external_urls.runbooks == "" ? "" : "Runbook: ${var.external_urls.runbooks}/${alarm.runbook}",
      var.external_urls.grafana == "" ? "" : "Dashboard: ${local.dashboards[name]}",
    ]))
  }
}
