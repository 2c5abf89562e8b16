# Links of an alert, each a line of its annotations, or nothing where the page's address is not known.
locals {
  alert_names = distinct(concat(
    local.generic_alerts,
    [for alert in local.own_alerts : alert.name],
  ))
  generic_alerts = [
    "ServiceDown", "MultipleServicesDown", "DatabaseDown", "RedisDown", "RabbitMQDown",
    "HighErrorRate", "CriticalErrorRate", "DeploymentCausingErrors", "ExtremelyHighLatency",
    "DatabaseConnectionPoolExhausted", "DatabaseReplicationLagHigh", "RedisMemoryCritical", "RabbitMQQueueDepthCritical", "DiskSpaceCritical",
    "ErrorBudgetBurningFast", "ErrorBudgetBurningSlow", "ErrorBudgetLow", "ErrorBudgetCriticallyLow", "SLOLatencyHigh", "SLIMissing",
    "HTTPEndpointDown", "HTTPEndpointSlowResponse", "TCPEndpointDown",
    "Watchdog", "PrometheusConfigReloadFailed", "PrometheusRuleFailures", "PrometheusTSDBTrouble", "AlertmanagerConfigReloadFailed",
    "AlertmanagerNotificationsFailing", "AlertmanagerClusterDown", "InstanceDown", "BlackboxExporterDown", "ConfigReleaseRejected",
    "MaintenanceWindowUnusable", "DiskPredictedToFill",
  ]
  # CNSLowMatchRate => cns-low-match-rate, the name of its page.
  page = { for name in local.alert_names : name => lower(replace(replace(name, "/([a-z0-9])([A-Z])/", "$1-$2"), "/([A-Z]+)([A-Z][a-z])/", "$1-$2")) }

  runbook = {
    for name, page in local.page : name => var.external_urls.runbooks == "" ? "" : "runbook_url: ${jsonencode("${var.external_urls.runbooks}/${page}")}"
  }
  dashboard = {
    for name, path in {
      slo        = "slo-overview?var-slo={{ $labels.slo }}"
      service    = "service-overview?var-plane={{ $labels.plane }}&var-service={{ $labels.service }}"
      plane      = "service-overview?var-plane={{ $labels.plane }}"
      monitoring = "alerting-health"
    } : name => var.external_urls.grafana == "" ? "" : "dashboard_url: '${var.external_urls.grafana}/d/${path}'"
  }
}
