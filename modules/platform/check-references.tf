# What one part of the catalogue says of another.
locals {
  # Everything that stands in a plane, by its path.
  in_a_plane = merge([
    for section in ["services", "databases", "caches", "ecs_services", "load_balancers", "slos"] : {
      for name, thing in local.sound[section] : "${section}.${name}.plane" => thing.plane if can(thing.plane)
    }
  ]...)
  sli_planes      = { for id, s in local.raw_slos : "slos.${id}.sli.requests.plane" => s.sli.requests.plane if can(s.sli.requests.plane) }
  team_planes     = merge([for name, t in local.raw_teams : { for i, plane in t.planes : "teams.${name}.planes[${i}]" => plane }]...)
  sli_services    = { for id, s in local.raw_slos : "slos.${id}.sli" => local.slo_service[id] if local.slo_service[id] != "" }
  team_services   = merge([for name, t in local.raw_teams : { for i, service in t.services : "teams.${name}.services[${i}]" => service }]...)
  all_services    = keys(merge([for section in ["services", "databases", "caches", "ecs_services", "load_balancers"] : { for name in try(keys(var.platform[section]), []) : name => true }]...))
  team_categories = merge([for name, t in local.raw_teams : { for i, category in t.categories : "teams.${name}.categories[${i}]" => category }]...)
  all_categories = setunion(
    ["availability", "reliability", "performance", "database", "infrastructure", "monitoring", "slo", "deployment", "service"],
    flatten([for alerts in concat(values(local.raw_alerts), values(local.raw_slo_alerts)) : [for a in alerts : a.category]]),
  )

  unknown_planes = [
    for path, plane in merge(local.in_a_plane, local.sli_planes, local.team_planes) :
    "${path} is ${jsonencode(plane)}, which is not in planes: use one of ${join(", ", local.known_planes)}, or add it there"
    if !contains(local.known_planes, plane)
  ]
  unknown_services = concat(
    [for path, service in local.sli_services :
      "${path} names the service ${jsonencode(service)}, which is not in services: use one of ${join(", ", local.known_services)}, or add it there"
    if !contains(local.known_services, service)],
    [for path, service in local.team_services :
      "${path} is ${jsonencode(service)}, which is nothing of the catalogue: use one of ${join(", ", local.all_services)}, or add it there"
    if !contains(local.all_services, service)],
  )
  unknown_categories = [
    for path, category in local.team_categories :
    "${path} is ${jsonencode(category)}, which no alert has: use one of ${join(", ", local.all_categories)}"
    if !contains(local.all_categories, category)
  ]

  jobs = concat(
    [for name, s in local.services : { job = s.metrics.job, path = "services.${name}.metrics.job" } if s.metrics != null],
    [for job in ["blackbox-http", "blackbox-tcp", "blackbox-exporter", "prometheus", "alertmanager"] : { job = job, path = "the module's own job ${job}" }],
  )
  duplicate_jobs = [
    for job, users in { for j in local.jobs : j.job => j.path... } :
    "${users[0]} is ${jsonencode(job)}, as is ${join(", ", slice(users, 1, length(users)))}: a job is scraped under a name of its own, give each another"
    if length(users) > 1
  ]
  duplicate_alarm_resources = [
    for name, sections in { for pair in flatten([for section in ["databases", "caches", "ecs_services"] : [for name in keys(local.sound[section]) : { name = name, section = section }]]) : pair.name => pair.section... } :
    "${join(" and ", [for section in sections : "${section}.${name}"])} share a name: their alarms ${name}-cpu-high would be one, rename one of them"
    if length(sections) > 1
  ]

  probe_problems = flatten([
    for name, probes in local.raw_probes : [
      for i, p in probes : concat(
        [for given in [local.raw_services[name].probes[i]] : "services.${name}.probes[${i}] is ${jsonencode(given)}: give either http or tcp" if(p.http == null) == (p.tcp == null)],
        length([for other in probes : other if other.name == p.name]) > 1 ? ["services.${name}.probes[${i}].name is ${jsonencode(p.name)}, which another probe of it has: give each another"] : [],
      )
    ]
  ])
  unwatched_services = concat(
    [for name, s in local.raw_services : "services.${name} has neither metrics nor probes: give it one, or nothing is known of it" if !can(s.metrics) && length(s.probes) == 0],
    [for name, s in local.raw_services : "services.${name} has no probes, by which a ${s.kind} is known to be down: give it one, { tcp: \"host:port\" } for example"
    if contains(["database", "cache", "queue"], s.kind) && length(s.probes) == 0 && local.own_down_alert[name] == null],
  )

  all_alerts = merge(
    merge([for name, alerts in local.raw_alerts : { for alert, a in alerts : "services.${name}.alerts.${alert}" => merge(a, { probes = [for p in local.raw_probes[name] : p.name] }) }]...),
    merge([for id, alerts in local.raw_slo_alerts : { for alert, a in alerts : "slos.${id}.alerts.${alert}" => merge(a, { probes = [] }) }]...),
  )
  alert_problems = concat(
    [for path, a in local.all_alerts : "${path} has ${a.expr == null ? "neither expr nor probe" : "both expr and probe"}: give one of them" if(a.expr == null) == (a.probe == null)],
    [for path, a in local.all_alerts : "${path}.probe is ${jsonencode(a.probe)}, which is no probe of it: use one of ${join(", ", a.probes)}" if a.probe != null && !contains(a.probes, coalesce(a.probe, "-"))],
    flatten([for path, a in local.all_alerts : [
      for label, value in a.labels : "${path}.labels.${label} is ${jsonencode(value)}: a changing label makes another alert of every evaluation; use an annotation (summary, description)"
      if strcontains(value, "{{")
    ]]),
    flatten([for path, a in local.all_alerts : [
      for label in keys(a.labels) : "${path}.labels.${label} is set by the catalogue itself: use the key ${label} of the alert or of its service"
      if contains(["alertname", "severity", "category", "plane", "service"], label)
    ]]),
  )

  sli_problems = concat(
    [for id, s in local.raw_slos : "slos.${id}.sli is ${jsonencode(s.sli)}: give exactly one of requests, probe, custom" if length(s.sli) != 1],
    [for id, s in local.raw_slos : "slos.${id}.sli.probe.service is ${jsonencode(s.sli.probe.service)}, which has no probe ${try("named ${s.sli.probe.probe}", "at all")}: add it to the service"
      if can(s.sli.probe) && contains(local.known_services, try(s.sli.probe.service, "")) &&
    !anytrue([for p in try(local.raw_probes[s.sli.probe.service], []) : try(s.sli.probe.probe == p.name, true)])],
    [for id, s in local.raw_slos : "slos.${id}.sli.requests.service is ${jsonencode(s.sli.requests.service)}, which exports no requests: give it metrics, or use a probe or a custom SLI"
    if can(s.sli.requests.service) && !try(local.services[s.sli.requests.service].requests, true)],
  )

  nobody = [
    for row in local.destinations : "${row.kind == "team" ? "teams" : "severities"}.${row.receiver} has no destination: give it slack, email or pagerduty"
    if row.pagerduty == null && row.slack == null && length(row.emails) == 0 && (row.kind == "team" || can(local.sound.severities[row.receiver]))
  ]
  idle_teams = [
    for name, t in local.raw_teams : "teams.${name} is told of nothing: give it categories, planes or services"
    if length(t.categories) + length(t.planes) + length(t.services) == 0
  ]
  reserved_teams = [
    for name in keys(local.raw_teams) : "teams.${name} is the name of a receiver of the module: rename the team"
    if contains(["critical", "warning", "info", "heartbeat", "pagerduty-critical", "slack-critical", "slack-warnings", "slack-info"], name)
  ]
  channel_problems = [
    for channel, rows in local.rows_of_channel : "${channel} has the webhook secrets ${join(" and ", distinct([for row in rows : row.given.slack_webhook if can(row.given.slack_webhook)]))}: a channel has one, give the same slack_webhook in ${join(", ", [for row in rows : row.receiver])}"
    if length(distinct([for row in rows : row.given.slack_webhook if can(row.given.slack_webhook)])) > 1
  ]
  secret_problems = [
    for secret, channels in local.channels_of_secret :
    "${join(" and ", channels)} share the webhook secret ${secret}: a webhook leads to one channel, give one of them a slack_webhook of its own"
    if length(channels) > 1
  ]

  member_problems = [
    for name, c in local.sound.caches : "caches.${name}.members is missing: metrics are published per member of the replication group ${c.replication_group}, list their ids (${c.replication_group}-001, …)"
    if can(c.replication_group) && !can(c.members)
  ]
  storage_problems = [
    for name, d in local.databases : "databases.${name}.alarms.storage-low.threshold is ${coalesce(try(d.alarms["storage-low"].threshold, null), 10)} GB where allocated_gb is ${d.allocated_gb}: it would always ring, give a threshold below the size"
    if try(coalesce(try(d.alarms["storage-low"].threshold, null), 10) >= d.allocated_gb && try(d.alarms["storage-low"].enabled, true), false)
  ]

  reference_problems = concat(
    local.unknown_planes, local.unknown_services, local.unknown_categories, local.duplicate_jobs, local.duplicate_alarm_resources,
    local.probe_problems, local.unwatched_services, local.alert_problems, local.sli_problems, local.nobody, local.idle_teams,
    local.reserved_teams, local.channel_problems, local.secret_problems, local.member_problems, local.storage_problems, local.maintenance_problems,
  )
  problems = concat(local.schema_problems, local.reference_problems)
}
