# What Prometheus scrapes and what it asks the blackbox exporter to probe.
locals {
  services         = var.catalogue.services
  scraped_services = [for name, s in local.services : merge(s, { service = name, wanted = coalesce(s.metrics.interval, local.timings.scrape_interval) }) if s.metrics != null]

  # A job may ask for an interval of its own; drills shrink it with everything else.
  scrape_ms = local.ms[local.timings.scrape_interval]
  interval_ms = {
    for wanted in toset(local.scraped_services[*].wanted) : wanted => (
      local.timings.hold_factor < 1 ? max(local.scrape_ms, floor(local.ms[wanted] * local.timings.hold_factor)) : local.ms[wanted]
    )
  }
  scrape_timeout_ms = min(local.ms[local.timings.scrape_timeout], local.scrape_ms)
  jobs = [
    for s in local.scraped_services : {
      name     = s.metrics.job
      interval = local.text["every ${s.wanted}"]
      own_pace = local.interval_ms[s.wanted] != local.scrape_ms
      timeout  = local.text["within ${s.wanted}"]
      path     = s.metrics.path
      scheme   = s.metrics.scheme
      targets  = jsonencode(s.metrics.targets)
      labels   = jsonencode({ plane = s.plane, service = s.service, kind = s.kind })
    }
  ]

  probes = flatten([
    for name, s in local.services : [
      for p in s.probes : merge(p, {
        labels = jsonencode({ for label, value in { plane = s.plane, service = name, kind = s.kind, probe = p.name, owner = p.owner, __param_module = p.module } : label => value if value != "" })
      })
    ]
  ])

  # The exporter ends a probe (probe_timeout) before Prometheus ends the scrape, so that a hanging target is a failed probe, not a failed scrape.
  probe_modules = { for module, probes in { for p in local.probes : p.module => p... } : module => merge(probes[0], { codes = jsonencode(probes[0].valid_status_codes) }) }
}
