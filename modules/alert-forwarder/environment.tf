# What the function knows: the routing table and the names of its secrets, never a value of one.
locals {
  # One row of the table in the short form that lambda_src/ reads; each forwarder gets what it can use. An absent key is an empty one.
  routing = [
    for row in var.destinations : {
      for key, value in {
        s  = row.kind == "severity" ? row.match.severity : []
        c  = row.kind == "team" ? row.match.category : []
        p  = row.kind == "team" ? row.match.plane : []
        v  = row.kind == "team" ? row.match.service : []
        pd = row.pagerduty == null ? "" : var.secret_ids[row.pagerduty]
        sl = row.slack == null ? "" : var.secret_ids[row.slack.secret]
        ch = row.slack == null ? "" : row.slack.channel
        t  = row.receiver
      } : key => value if length(value) > 0 && !contains(var.function == "pagerduty-forwarder" ? ["sl", "ch"] : ["pd"], key)
    }
  ]
  # A message without a severity has its topic's; where the topic has none it counts as critical.
  topic_severities = { for key, name in var.topic_names : name => lookup({ critical = "critical", warning = "warning" }, key, "") }

  # Messages that are no alarms name a resource and no team: what the catalogue knows of it, as long as it fits beside the rest.
  resources      = jsonencode({ for identifier, labels in var.resources : identifier => [labels.category, labels.plane, labels.service] })
  room_remaining = 4096 - local.needed_size
  environment    = merge(local.needed, length(local.resources) + 9 <= local.room_remaining ? { RESOURCES = local.resources } : {})

  needed = merge({
    ROUTING              = jsonencode(local.routing)
    TOPIC_SEVERITIES     = jsonencode(local.topic_severities)
    PAGERDUTY_EVENTS_URL = var.pagerduty_events_url
    GRAFANA_URL          = var.external_urls.grafana
    RUNBOOKS_URL         = var.external_urls.runbooks
    SECRET_TTL_SECONDS   = tostring(var.secret_ttl_seconds)
  }, var.environment)
  # Names of brought topics are known only at apply: count a long one for each.
  needed_size = (
    sum([for key in keys(local.needed) : length(key)]) + length(local.needed.ROUTING) + length(var.topic_names) * 100 +
    length(var.pagerduty_events_url) + length(var.external_urls.grafana) + length(var.external_urls.runbooks) +
    sum(concat([0], [for value in values(var.environment) : length(value)]))
  )

  # The secrets that this forwarder may read.
  secret_files = distinct(compact(flatten([
    for row in var.destinations : var.function == "pagerduty-forwarder" ? [row.pagerduty == null ? "" : row.pagerduty] : [row.slack == null ? "" : row.slack.secret]
  ])))
}
