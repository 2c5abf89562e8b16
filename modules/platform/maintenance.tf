# Windows of planned maintenance, each with what it covers: the planes as a whole, and every service by its plane.
locals {
  raw_windows = { for name, w in local.sound.maintenance : name => merge(local.default.maintenance, w) }

  maintenance = {
    for name, w in local.raw_windows : name => {
      timezone = w.timezone
      days     = w.days
      start    = try(w.start, "")
      duration = try(w.duration, "")
      from     = try(w.from, "")
      until    = try(w.until, "")
      planes   = w.planes
      services = [for service, s in local.services : { plane = s.plane, service = service } if contains(w.planes, s.plane) || contains(w.services, service)]
    }
  }

  window_planes   = merge([for name, w in local.raw_windows : { for i, plane in w.planes : "maintenance.${name}.planes[${i}]" => plane }]...)
  window_services = merge([for name, w in local.raw_windows : { for i, service in w.services : "maintenance.${name}.services[${i}]" => service }]...)
  maintenance_problems = concat(
    [for path, plane in local.window_planes : "${path} is ${jsonencode(plane)}, which is not in planes: use one of ${join(", ", local.known_planes)}, or add it there" if !contains(local.known_planes, plane)],
    [for path, service in local.window_services : "${path} is ${jsonencode(service)}, which is not in services: use one of ${join(", ", local.known_services)}, or add it there" if !contains(local.known_services, service)],
    [for name, w in local.raw_windows : "maintenance.${name} covers nothing: give it planes or services" if length(w.planes) + length(w.services) == 0],
    [
      for name, w in local.raw_windows : "maintenance.${name} has no time: give it days, start and duration (weekly), or from and until (once), and not some of both"
      if jsonencode([length(w.days) > 0, can(w.start), can(w.duration), can(w.from), can(w.until)]) != "[true,true,true,false,false]" &&
      jsonencode([length(w.days) > 0, can(w.start), can(w.duration), can(w.from), can(w.until)]) != "[false,false,false,true,true]"
    ],
    [for name, w in local.raw_windows : "maintenance.${name}.until is ${jsonencode(w.until)}, which is not after ${jsonencode(w.from)}: let it end later" if try(timecmp("${w.from}:00Z", "${w.until}:00Z") >= 0, false)],
    [
      for pair in flatten([for name, w in local.raw_windows : [for key in ["from", "until"] : { path = "maintenance.${name}.${key}", value = w[key] } if can(w[key])]]) :
      "${pair.path} is ${jsonencode(pair.value)}, a day that is in no calendar" if !can(timeadd("${pair.value}:00Z", "0s"))
    ],
  )
}
