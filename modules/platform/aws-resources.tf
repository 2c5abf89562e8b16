# What CloudWatch watches.
locals {
  databases = {
    for name, d in local.sound.databases : name => {
      plane        = d.plane
      identifier   = d.identifier
      kind         = try(d.kind, local.default.databases.kind)
      allocated_gb = try(d.allocated_gb, null)
      alarms       = { for suffix, a in try(d.alarms, {}) : suffix => merge(local.alarm_default, a) }
    }
  }
  caches = {
    for name, c in local.sound.caches : name => {
      plane   = c.plane
      members = try(c.members, [name])
      alarms  = { for suffix, a in try(c.alarms, {}) : suffix => merge(local.alarm_default, a) }
    }
  }
  ecs_services = {
    for name, s in local.sound.ecs_services : name => {
      plane        = s.plane
      cluster      = s.cluster
      service_name = try(s.service_name, name)
      alarms       = { for suffix, a in try(s.alarms, {}) : suffix => merge(local.alarm_default, a) }
    }
  }
  load_balancers = {
    for name, b in local.sound.load_balancers : name => merge(local.default.load_balancers, { load_balancer = null, target_group = null }, b)
  }
}
