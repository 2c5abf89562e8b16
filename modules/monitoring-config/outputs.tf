output "files" {
  description = "The config release: path => content."
  value       = local.files

  precondition {
    condition     = local.retention_days > local.longest_window_days || length(var.catalogue.slos) == 0
    error_message = "monitoring.retention_days is ${local.retention_days}: the longest SLO window is ${local.longest_window_days} days, and its error budget needs one day more, ${local.longest_window_days + 1} at least."
  }
  precondition {
    condition     = length(setintersection(keys(var.monitoring.extra_rules), ["slos.yml", "critical.yml", "${var.catalogue.name}-platform.yml", "monitoring.yml"])) == 0
    error_message = "monitoring.extra_rules names ${join(", ", keys(var.monitoring.extra_rules))}: slos.yml, critical.yml, ${var.catalogue.name}-platform.yml and monitoring.yml are the module's own, give yours another name."
  }
}

output "hash" {
  description = "SHA-256 of the files: what a host must report to have loaded."
  value       = local.hash
}

output "release" {
  description = "The release as one JSON object: {hash, files}."
  value       = jsonencode({ hash = local.hash, files = local.files })
}

output "secret_files" {
  description = "Files that Alertmanager reads under /etc/alertmanager/secrets: name => what it holds."
  value       = local.secret_files
}

output "rules" {
  description = "Rule files for a Prometheus that exists already: name => content."
  value       = local.rules
}

output "alertmanager" {
  description = "alertmanager-production.yml and its templates for an Alertmanager that exists already: path => content."
  value       = merge({ "alertmanager-production.yml" = local.alertmanager }, { for path, content in local.notification_templates : trimprefix(path, "alertmanager/") => content })
}

output "pagerduty_events_url" {
  description = "Where PagerDuty takes events: the same for both alert paths."
  value       = local.pagerduty_events_url
}

output "runbooks" {
  description = "Alert => name of its runbook page."
  value       = local.page
}
