# What the rules must know of each service beside its scraped series; it reaches them as the labels of one recorded series a service.
locals {
  # A paging SLO that counts all requests of a service: an error rate of that service is then a warning, for the burn rate pages.
  # Each such SLO is known by what it counts, "plane/service", either of which may be empty: all of them.
  paging_requests = {
    for id, s in var.catalogue.slos : "${s.plane}/${s.service}" => true...
    if s.pages && s.sli.kind == "requests" && s.sli.selector == join(",", compact([s.plane == "" ? "" : "plane=\"${s.plane}\"", s.service == "" ? "" : "service=\"${s.service}\""]))
  }
  paged_by_slo = {
    for name, s in local.services : name => anytrue([
      for counted in ["${s.plane}/${name}", "${s.plane}/", "/${name}", "/"] : can(local.paging_requests[counted])
    ])
  }

  service_info = [
    for name, s in local.services : jsonencode({
      plane        = s.plane
      service      = name
      kind         = s.kind
      down_alert   = s.down_alert == null ? "" : s.down_alert
      watched_by   = s.kind == "service" && s.metrics != null ? "scrape" : "probe"
      paged_by_slo = local.paged_by_slo[name] ? "yes" : "no"
      own_up_alert = anytrue([for a in s.alerts : can(regex("\\bup\\{", a.expr == null ? "" : a.expr))]) ? "yes" : "no"
    })
  ]
  service_info_groups = chunklist(local.service_info, local.rules_a_group)
  rules_a_group       = 20 # Amazon Managed Prometheus' default quota
}
