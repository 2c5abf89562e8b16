# Alarm catalogue x resources, with what the caller said of single alarms: every alarm that is made, by name.
locals {
  candidates = flatten([
    for resource in local.resources : [
      for suffix, row in local.alarm_catalogue[resource.section] : {
        resource = resource
        suffix   = suffix
        row      = merge(local.alarm_defaults, row)
        override = merge({ enabled = null, threshold = null, severity = null, critical_threshold = null }, try(resource.overrides[suffix], {}))
      }
    ]
  ])
  wanted = [
    for c in local.candidates : c
    if contains(c.row.kinds, c.resource.kind) && (c.override.enabled == null ? (!c.row.recommended || var.settings.recommended_alarms) : c.override.enabled)
  ]

  # The alarm itself, and where a critical threshold is given a second one above it.
  tiers = concat(
    [for c in local.wanted : {
      name      = "${var.alarm_prefix}${c.resource.name}-${c.suffix}"
      threshold = c.override.threshold == null ? c.row.threshold : c.override.threshold
      severity  = c.override.severity == null ? c.row.severity : c.override.severity
      critical  = false
      source    = c
    }],
    [for c in local.wanted : {
      name      = "${var.alarm_prefix}${c.resource.name}-${c.suffix}-critical"
      threshold = c.override.critical_threshold
      severity  = "critical"
      critical  = true
      source    = c
    } if c.override.critical_threshold != null],
  )

  alarms_by_name = { for tier in local.tiers : tier.name => tier... }
  alarms = {
    for name, same_name in local.alarms_by_name : name => {
      metric     = same_name[0].source.row.metric
      namespace  = same_name[0].source.row.namespace
      statistic  = same_name[0].source.row.statistic
      dimensions = same_name[0].source.resource.dimensions
      comparison = same_name[0].source.row.comparison
      threshold  = same_name[0].threshold
      scale      = same_name[0].source.row.scale
      unit       = same_name[0].source.row.unit
      period     = same_name[0].source.row.period
      periods    = same_name[0].source.row.periods
      missing    = same_name[0].source.row.missing
      reason     = same_name[0].source.row.reason
      severity   = same_name[0].severity
      category   = same_name[0].source.row.category
      plane      = same_name[0].source.resource.plane
      service    = same_name[0].source.resource.service
      resource   = same_name[0].source.resource.name
      part       = same_name[0].source.row.part
      runbook    = "${local.runbook_of_section[same_name[0].source.resource.section]}-${same_name[0].source.suffix}"
      about = join(" ", [
        "${same_name[0].source.row.metric} of ${same_name[0].source.resource.name} ${same_name[0].source.row.comparison} ${same_name[0].threshold} ${same_name[0].source.row.unit}",
        same_name[0].source.row.periods == 1 ? "within" : "for",
        same_name[0].source.row.period * same_name[0].source.row.periods >= 120 ? "${same_name[0].source.row.period * same_name[0].source.row.periods / 60} minutes." : "${same_name[0].source.row.period * same_name[0].source.row.periods} seconds.",
        same_name[0].source.row.reason,
      ])
    }
  }
}
