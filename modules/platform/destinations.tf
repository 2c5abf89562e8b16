# The routing table: a row for each severity, then one for each team. Both alert paths read it.
locals {
  severity_rows = [
    for severity in ["critical", "warning", "info"] : {
      receiver = severity
      kind     = "severity"
      match    = { severity = [severity], category = [], plane = [], service = [] }
      given    = try(local.sound.severities[severity], { slack = local.sound.severities.warning.slack }, { email = local.sound.severities.warning.email }, {})
    }
  ]
  team_rows = [
    for name, t in local.raw_teams : {
      receiver = name
      kind     = "team"
      match    = { severity = [], category = t.categories, plane = t.planes, service = t.services }
      given    = t
    }
  ]
  rows = concat(local.severity_rows, local.team_rows)

  # One channel has one webhook: its secret is named by the row that says so, else after the first row that uses the channel.
  rows_of_channel = { for row in local.rows : row.given.slack => row... if can(row.given.slack) }
  slack_secret = {
    for channel, rows in local.rows_of_channel : channel => try(
      [for row in rows : row.given.slack_webhook if can(row.given.slack_webhook)][0],
      "slack_${replace(trimsuffix(rows[0].receiver, "-team"), "-", "_")}_webhook",
    )
  }

  destinations = [
    for row in local.rows : {
      receiver  = row.receiver
      kind      = row.kind
      match     = row.match
      pagerduty = try(row.given.pagerduty, null)
      slack     = try({ channel = row.given.slack, secret = local.slack_secret[row.given.slack] }, null)
      emails    = compact([try(row.given.email, "")])
    }
  ]

  channels_of_secret = { for channel, secret in local.slack_secret : secret => channel... }
  secrets = merge(
    { for secret in toset(compact([for row in local.destinations : row.pagerduty])) : secret => "PagerDuty routing key (Events API v2)" },
    { for secret, channels in local.channels_of_secret : secret => "Slack webhook of ${channels[0]}" },
  )
}
