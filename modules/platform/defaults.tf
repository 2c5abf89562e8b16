# The catalogue with every default filled in, as far as its shape is sound: an entry with a wrong type or a missing key is left out here
# (its problem is told already), so that what follows finds the mistakes in all others at once.
locals {
  broken_paths = distinct([
    for path in concat(flatten([for p in local.places : keys(p.wrong)]), [for m in local.missing : m.of]) :
    join(".", slice(split(".", path), 1, min(3, length(split(".", path)))))
  ])
  sound = {
    for section, s in local.schema.properties : section => {
      for name in try(keys(var.platform[section]), []) : name => var.platform[section][name]
      if !contains(local.broken_paths, section) && !contains(local.broken_paths, "${section}.${name}")
    } if s.type == "object"
  }
  known_planes   = try(keys(var.platform.planes), [])
  known_services = try(keys(var.platform.services), [])

  default = {
    for section in ["services", "databases", "caches", "ecs_services", "load_balancers", "slos", "teams", "maintenance"] : section => {
      for key, property in local.schema.properties[section].additionalProperties.properties : key => property.default if can(property.default)
    }
  }
  metrics_default = { for key, p in local.schema.properties.services.additionalProperties.properties.metrics.properties : key => p.default if can(p.default) }
  probe_default   = { for key, p in local.schema.properties.services.additionalProperties.properties.probes.items.properties : key => p.default if can(p.default) }
  alert_default = merge({ expr = null, probe = null }, {
    for key, p in local.schema.properties.slos.additionalProperties.properties.alerts.additionalProperties.properties : key => p.default if can(p.default)
  })
  alarm_default = { enabled = true, threshold = null, severity = null, critical_threshold = null }

  planes       = local.sound.planes
  raw_services = { for name, s in local.sound.services : name => merge(local.default.services, s) }
  raw_slos     = { for id, s in local.sound.slos : id => merge(local.default.slos, s) }
  raw_teams    = { for name, t in local.sound.teams : name => merge(local.default.teams, t) }

  raw_probes = {
    for name, s in local.raw_services : name => [
      for i, p in s.probes : merge(local.probe_default, { name = i == 0 ? "health" : "health-${i + 1}", http = null, tcp = null }, p)
    ]
  }
  raw_alerts = {
    for name, s in local.raw_services : name => { for alert, a in s.alerts : alert => merge(local.alert_default, a) }
  }
  raw_slo_alerts = {
    for id, s in local.raw_slos : id => { for alert, a in s.alerts : alert => merge(local.alert_default, a) }
  }
}
