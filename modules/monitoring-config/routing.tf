# The catalogue's destinations as Alertmanager's receivers and routes.
locals {
  severity_rows = { for row in var.catalogue.destinations : row.match.severity[0] => row if row.kind == "severity" }
  team_rows     = [for row in var.catalogue.destinations : row if row.kind == "team"]
  has_page      = { for row in var.catalogue.destinations : row.receiver => row.pagerduty != null }
  has_chat      = { for row in var.catalogue.destinations : row.receiver => row.slack != null || (var.smtp != null && length(row.emails) > 0) }

  # Severity receivers keep the names of the architecture, teams their own.
  chat_name = merge({ critical = "slack-critical", warning = "slack-warnings", info = "slack-info" }, { for row in local.team_rows : row.receiver => row.receiver })
  page_name = merge({ for severity in ["critical", "warning", "info"] : severity => "pagerduty-${severity}" }, { for row in local.team_rows : row.receiver => "${row.receiver}-pagerduty" })

  # What severity a route takes. Everything that is neither warning nor info counts as critical: an unknown severity, a missing one.
  severity_matchers = { critical = ["severity!~\"warning|info\""], warning = ["severity=\"warning\""], info = ["severity=\"info\""] }

  # A page is grouped by its service, so that one service is one incident; without a service by what it is, so that none waits for another.
  page_groupings = [
    { matchers = ["service=~\".+\""], group_by = ["plane", "service"], why = "one incident for each service" },
    { matchers = ["service=\"\""], group_by = ["alertname", "plane", "slo", "instance"], why = "without a service: one incident for each alert" },
  ]
  page_routes = {
    for name in keys(local.has_page) : name => flatten([
      for alternative in local.alternatives[name] : [
        for grouping in local.page_groupings : merge(local.route, {
          why      = "${local.page_name[name]}: ${grouping.why}"
          matchers = concat(alternative, contains(keys(local.severity_rows), name) ? [] : local.severity_matchers.critical, grouping.matchers)
          receiver = local.page_name[name]
          group_by = grouping.group_by
          page     = true
          critical = name != "warning"
        })
      ]
    ]) if local.has_page[name]
  }
  chat_routes = {
    for name in keys(local.has_chat) : name => [
      for alternative in local.alternatives[name] : merge(local.route, {
        why      = "${local.chat_name[name]}"
        matchers = alternative
        receiver = local.chat_name[name]
        critical = name == "critical"
        continue = name != "info"
      })
    ] if local.has_chat[name]
  }
  route = { why = "", matchers = [], receiver = "", group_by = [], page = false, critical = false, continue = true }

  # A team's lists are joined by `or`. Alertmanager would send twice to a receiver of two matching routes, so each further list takes
  # only what the ones before have not.
  team_lists = {
    for row in local.team_rows : row.receiver => [for label in ["category", "plane", "service"] : { label = label, values = join("|", row.match[label]) } if length(row.match[label]) > 0]
  }
  alternatives = merge({ for severity, matchers in local.severity_matchers : severity => [matchers] }, {
    for name, lists in local.team_lists : name => [
      for i, list in lists : concat(["${list.label}=~\"${list.values}\""], [for before in slice(lists, 0, i) : "${before.label}!~\"${before.values}\""])
    ]
  })

  # Info comes first and ends there: no team hears of it.
  route_order = concat(["info", "critical", "warning"], [for row in local.team_rows : row.receiver])
  routes = [
    for r in flatten([for name in local.route_order : concat(lookup(local.page_routes, name, []), lookup(local.chat_routes, name, []))]) :
    merge(r, { matchers = [for m in r.matchers : "'${m}'"] })
  ]

  receivers = flatten([
    for row in var.catalogue.destinations : [
      for way in ["page", "chat"] : {
        name      = way == "page" ? local.page_name[row.receiver] : local.chat_name[row.receiver]
        pagerduty = way == "page" ? row.pagerduty : null
        slack     = way == "chat" ? row.slack : null
        emails    = way == "chat" ? row.emails : []
        mails     = way == "chat" && var.smtp != null && length(row.emails) > 0
      } if way == "page" ? local.has_page[row.receiver] : local.has_chat[row.receiver]
    ]
  ])
  # Whatever no route takes is told as critical.
  default_receiver = local.has_chat["critical"] ? "slack-critical" : try(local.receivers[0].name, "heartbeat")

  down_alerts = distinct(concat(["ServiceDown", "DatabaseDown", "RedisDown", "RabbitMQDown"], [for s in values(local.services) : s.down_alert if s.down_alert != null]))

  # The heartbeat comes at every second flush: at the first one not quite its repeat_interval has passed. Every minute in production.
  heartbeat_ms = min(local.unit_ms.m, local.ms[local.timings.group_interval]) / 2
}
