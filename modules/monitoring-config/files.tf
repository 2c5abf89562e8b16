# The release: every file by its path.
locals {
  templates = "${path.module}/../../monitoring_configs"
  rule_files = concat(
    ["slos.yml", "critical.yml", "${var.catalogue.name}-platform.yml", "monitoring.yml"],
    keys(var.monitoring.extra_rules),
  )

  longest_window_days = max(concat([14], [for s in values(var.catalogue.slos) : local.ms[s.window] / local.unit_ms.d])...)
  retention_days      = coalesce(var.monitoring.retention_days, max(15, local.longest_window_days + 1))

  texts = {
    interval      = local.interval
    window        = local.window
    hold          = local.hold
    unless        = local.unless
    keep          = local.keep
    fresh_seconds = local.fresh_seconds
    runbook       = local.runbook
    dashboard     = local.dashboard
  }
  shape_groups = { for shape, slo in local.printed_shapes : shape => templatefile("${local.templates}/prometheus/rules/slo.yml.tftpl", merge(local.texts, { s = slo })) }
  rules_input = merge(local.texts, {
    groups               = local.slo_groups
    service_info_groups  = local.service_info_groups
    service_alert_groups = local.service_alert_groups
  })
  rules = merge(
    {
      "slos.yml"                           = templatefile("${local.templates}/prometheus/rules/slos.yml.tftpl", local.rules_input)
      "critical.yml"                       = templatefile("${local.templates}/prometheus/rules/critical.yml.tftpl", local.rules_input)
      "${var.catalogue.name}-platform.yml" = templatefile("${local.templates}/prometheus/rules/platform.yml.tftpl", local.rules_input)
      "monitoring.yml"                     = templatefile("${local.templates}/prometheus/rules/monitoring.yml.tftpl", local.rules_input)
    },
    var.monitoring.extra_rules,
  )

  prometheus = templatefile("${local.templates}/prometheus/prometheus.yml.tftpl", {
    scrape_interval     = local.timings.scrape_interval
    scrape_timeout      = local.text["scrape_timeout"]
    evaluation_interval = local.timings.evaluation_interval
    ports               = var.monitoring.ports
    rule_files          = local.rule_files
    jobs                = local.jobs
    http_probes         = [for p in local.probes : p if p.type == "http"]
    tcp_probes          = [for p in local.probes : p if p.type == "tcp"]
  })

  pagerduty_events_url = var.pagerduty_events_url != null ? var.pagerduty_events_url : "https://events${var.pagerduty_region == "eu" ? ".eu" : ""}.pagerduty.com/v2/enqueue"
  alertmanager = templatefile("${local.templates}/alertmanager/alertmanager-production.yml.tftpl", {
    pagerduty_url      = local.pagerduty_events_url
    smtp               = try(merge(var.smtp, { smarthost = "${var.smtp.host}:${var.smtp.port}" }), null)
    timings            = local.timings
    routes             = local.routes
    receivers          = local.receivers
    default_receiver   = local.default_receiver
    down_alerts        = local.down_alerts
    heartbeat_urls     = local.heartbeat_urls
    heartbeat_interval = local.text["heartbeat"]
    page_interval      = local.text["page_interval"]
  })

  notification_templates = {
    for name in ["links", "pagerduty", "slack", "email"] : "alertmanager/templates/${name}.tmpl" => templatefile("${local.templates}/alertmanager/templates/${name}.tmpl.tftpl", {
      alertmanager_url = var.external_urls.alertmanager
    })
  }

  files = merge(
    {
      "prometheus/prometheus.yml"                       = local.prometheus
      "alertmanager/alertmanager-production.yml"        = local.alertmanager
      "blackbox/blackbox.yml"                           = templatefile("${local.templates}/blackbox/blackbox.yml.tftpl", { modules = local.probe_modules, timeout = local.text["probe_timeout"] })
      "grafana/provisioning/datasources/prometheus.yml" = templatefile("${local.templates}/grafana/provisioning/datasources/prometheus.yml.tftpl", { ports = var.monitoring.ports, scrape_interval = local.timings.scrape_interval })
      "grafana/provisioning/dashboards/release.yml"     = file("${local.templates}/grafana/provisioning/dashboards/release.yml")
      "compose.yml" = templatefile("${local.templates}/compose.yml.tftpl", {
        registry       = var.monitoring.registry
        versions       = var.monitoring.versions
        ports          = var.monitoring.ports
        external_urls  = var.external_urls
        retention_days = local.retention_days
      })
    },
    { for name, content in local.rules : "prometheus/rules/${name}" => content },
    local.notification_templates,
    { for name in fileset("${local.templates}/grafana/dashboards", "*.json") : "grafana/dashboards/${name}" => file("${local.templates}/grafana/dashboards/${name}") },
    local.maintained ? { "host/maintenance.json" = jsonencode(local.windows) } : {},
    { for name in fileset("${local.templates}/host", "*.py") : "host/${name}" => file("${local.templates}/host/${name}") },
  )
  hash = sha256(jsonencode(local.files))

  secret_files = merge(
    var.catalogue.secrets,
    try(var.smtp.username, "") == "" ? {} : { smtp_password = "SMTP password of ${var.smtp.username}" },
  )
}
