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
    CANARY               = local.canary_arn
    SECRET_TTL_SECONDS   = tostring(local.own_ttl_seconds)
  }, local.extension, var.environment)
  # Names of brought topics are known only at apply: count a long one for each.
  needed_size = (
    sum([for key in keys(local.needed) : length(key)]) + length(local.needed.ROUTING) + length(var.topic_names) * 100 +
    length(var.pagerduty_events_url) + length(local.canary_arn) + length(var.external_urls.grafana) + length(var.external_urls.runbooks) +
    sum(concat([0], [for value in values(merge(local.extension, var.environment)) : length(value)]))
  )

  # The extension remembers a secret, too, and the function may be told what is as old as both together: each gets half of the time.
  own_ttl_seconds = var.secrets_extension == null ? var.secret_ttl_seconds : floor(var.secret_ttl_seconds / 2)
  extension = var.secrets_extension == null ? {} : {
    PARAMETERS_SECRETS_EXTENSION_HTTP_PORT = "2773" # that it is set is the function's switch
    SECRETS_MANAGER_TTL                    = tostring(min(300, var.secret_ttl_seconds - local.own_ttl_seconds))
  }

  # The one alarm that it takes note of and tells nobody.
  canary_arn = "arn:${data.aws_partition.current.partition}:cloudwatch:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:alarm:${var.canary_name}"

  # The secrets that this forwarder may read.
  secret_files = distinct(compact(flatten([
    for row in var.destinations : var.function == "pagerduty-forwarder" ? [row.pagerduty == null ? "" : row.pagerduty] : [row.slack == null ? "" : row.slack.secret]
  ])))
}
