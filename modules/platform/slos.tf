# Each SLO with the one thing it counts as a selector of series.
locals {
  slo_service = { for id, s in local.raw_slos : id => try(s.sli.requests.service, s.sli.probe.service, s.service, "") }
  slo_plane   = { for id, s in local.raw_slos : id => try(local.raw_services[local.slo_service[id]].plane, s.sli.requests.plane, s.plane, "") }

  slos = {
    for id, s in local.raw_slos : id => {
      objective      = s.objective
      window         = s.window
      pages          = s.pages
      plane          = local.slo_plane[id]
      service        = local.slo_service[id]
      min_bad_events = s.min_bad_events
      latency        = s.latency
      alerts         = local.raw_slo_alerts[id]
      sli = {
        kind  = keys(s.sli)[0]
        good  = try(s.sli.custom.good, "")
        total = try(s.sli.custom.total, "")
        selector = join(",", compact([
          local.slo_plane[id] == "" ? "" : "plane=\"${local.slo_plane[id]}\"",
          local.slo_service[id] == "" ? "" : "service=\"${local.slo_service[id]}\"",
          can(s.sli.probe) ? "probe=\"${try(s.sli.probe.probe, local.raw_probes[local.slo_service[id]][0].name, "")}\"" : "",
          try(s.sli.requests.selector, ""),
        ]))
      }
    }
  }
}
