# What cannot be: each names where it was said, the value, and what to say instead.
locals {
  wanted_names = concat(keys(local.alarms_by_name), keys(local.burn_windows), keys(local.burning), keys(local.causes), keys(local.symptoms))

  duplicates = concat(
    [
      for name, same_name in local.alarms_by_name :
      "${name} is wanted by ${join(" and ", [for tier in same_name : "${tier.source.resource.section}.${tier.source.resource.service} (${tier.source.suffix})"])}: CloudWatch would keep one of them, rename one resource in the catalogue"
      if length(same_name) > 1
    ],
    [
      for name, times in { for name in local.wanted_names : name => true... } :
      "${name} is the name of two alarms of different kinds: CloudWatch would keep one of them, rename one resource in the catalogue"
      if length(times) > 1
    ],
  )
  unknown_insufficient_data = [
    for name in var.settings.insufficient_data_alarms :
    "cloudwatch.insufficient_data_alarms names ${jsonencode(name)}, which is no alarm of a resource: use names of the output alarms (for those that watch the alert path no data has a meaning already)"
    if !contains(local.wanted_names, name)
  ]
  unfit_overrides = flatten([
    for resource in local.resources : [
      for suffix, override in resource.overrides :
      "${resource.section}.${resource.service}.alarms.${suffix} is for ${join(" and ", merge(local.alarm_defaults, local.alarm_catalogue[resource.section][suffix]).kinds)}, and this is kind ${resource.kind}: leave it out"
      if !contains(merge(local.alarm_defaults, local.alarm_catalogue[resource.section][suffix]).kinds, resource.kind)
    ]
  ])

  thresholds = flatten([
    for tier in local.tiers : {
      path       = "${tier.source.resource.section}.${tier.source.resource.service}.alarms.${tier.source.suffix}.${tier.critical ? "critical_threshold" : "threshold"}"
      value      = tier.threshold
      warning    = tier.source.override.threshold == null ? tier.source.row.threshold : tier.source.override.threshold
      critical   = tier.critical
      unit       = tier.source.row.unit
      comparison = tier.source.row.comparison
    }
  ])
  impossible_thresholds = concat(
    [
      for t in local.thresholds :
      "${t.path} is ${t.value}, the warning's is ${t.warning}: the critical one must lie ${t.comparison} it, or it pages before anybody was warned"
      if t.critical && (t.comparison == "above" ? t.value <= t.warning : t.value >= t.warning)
    ],
    [
      for t in local.thresholds :
      "${t.path} is ${t.value} %: a share lies between 0 and 100, at ${t.value} it would ring always or never"
      if t.unit == "%" && (t.value <= 0 || t.value >= 100)
    ],
    [
      for t in local.thresholds :
      "${t.path} is ${t.value} ${t.unit}: nothing is less than 0, so it would ring ${t.comparison == "above" ? "always" : "never"}"
      if t.unit != "%" && (t.comparison == "above" ? t.value < 0 : t.value <= 0)
    ],
  )

  balancer_problems = concat(
    [
      for name, b in var.catalogue.load_balancers :
      "load_balancers.${name}.load_balancer is missing: give the end of its ARN there, or bring it by the variable load_balancers, { ${name} = { load_balancer = aws_lb.${name} } }"
      if b.load_balancer == null && !contains(keys(var.load_balancers), name)
    ],
    [
      for name in keys(var.load_balancers) :
      "the variable load_balancers has ${jsonencode(name)}, which is not in the catalogue's load_balancers: use one of ${join(", ", keys(var.catalogue.load_balancers))}, or add it there"
      if !contains(keys(var.catalogue.load_balancers), name)
    ],
  )

  too_long = concat(
    [
      for name in local.wanted_names : "the alarm ${name} has a name of ${length(name)} characters, CloudWatch takes 255: give its resource or alarm_prefix a shorter one"
      if length(name) > 255
    ],
    [
      for name, text in local.descriptions : "the description of the alarm ${name} has ${length(text)} characters, CloudWatch takes 1024: shorten its resource's name, alarm_prefix or external_urls"
      if length(text) > 1024
    ],
  )

  problems = concat(
    local.duplicates, local.unknown_insufficient_data, local.unfit_overrides, local.impossible_thresholds, local.balancer_problems, local.too_long,
  )
}
