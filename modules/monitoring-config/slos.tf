# What the SLO rules print for each SLO. Most SLOs differ by their names only: each shape is printed once, with placeholders for the
# names, and then filled in. A thousand SLOs take little longer than ten.
locals {
  # Burn rates that page and that open a ticket: the share of the window's budget that is gone within the clause's long window.
  burn_factors = {
    for window in ["28d", "30d"] : window => {
      hour  = tonumber(format("%.4f", 14.4 * local.ms[window] / local.ms["30d"])) # 2 % in 1 h
      six   = tonumber(format("%.4f", 6 * local.ms[window] / local.ms["30d"]))    # 5 % in 6 h
      day   = tonumber(format("%.4f", 3 * local.ms[window] / local.ms["30d"]))    # 10 % in 1 d
      three = tonumber(format("%.4f", 1 * local.ms[window] / local.ms["30d"]))    # 10 % in 3 d
    }
  }

  slo_shape = {
    for id, s in var.catalogue.slos : id => jsonencode([
      s.objective, s.window, s.pages, s.min_bad_events, s.latency, s.sli.kind, s.plane == "", s.service == "", s.sli.selector == "",
      s.sli.kind == "custom" || length(s.alerts) > 0 ? id : "", # these differ by more than their names
    ])
  }
  ids_of_shape = { for id, shape in local.slo_shape : shape => id... }
  shaped_slos = {
    for shape, ids in local.ids_of_shape : shape => merge(var.catalogue.slos[ids[0]], {
      id       = "@id@"
      plane    = var.catalogue.slos[ids[0]].plane == "" ? "" : "@plane@"
      service  = var.catalogue.slos[ids[0]].service == "" ? "" : "@service@"
      selector = var.catalogue.slos[ids[0]].sli.selector == "" ? "" : "@selector@"
      alerts   = [for alert in local.slo_alerts[ids[0]] : local.printed_alert[jsonencode([alert.name, alert.labels])]]
    })
  }
  slo_groups = join("", [
    for id, s in var.catalogue.slos :
    replace(replace(replace(replace(local.shape_groups[local.slo_shape[id]], "@id@", id), "@plane@", s.plane), "@service@", s.service), "@selector@", s.sli.selector)
  ])

  printed_shapes = { for shape, s in local.slo_basics : shape => merge(s, { first_latency = slice(s.latencies, 0, min(1, length(s.latencies))), histograms = s.kind == "requests" ? s.latencies : [] }) }
  slo_basics = {
    for shape, s in local.shaped_slos : shape => {
      id             = s.id
      labels         = jsonencode({ for key, value in { slo = s.id, plane = s.plane, service = s.service } : key => value if value != "" })
      page_labels    = jsonencode({ for key, value in { severity = "critical", category = "slo", slo = s.id, plane = s.plane, service = s.service } : key => value if value != "" })
      warning_labels = jsonencode({ for key, value in { severity = "warning", category = "slo", slo = s.id, plane = s.plane, service = s.service } : key => value if value != "" })
      pages          = s.pages
      kind           = s.sli.kind
      objective      = s.objective
      ratio          = tonumber(format("%.8f", s.objective / 100))
      budget         = tonumber(format("%.8f", (100 - s.objective) / 100))
      budget_minutes = tonumber(format("%.4f", (100 - s.objective) / 100 * local.ms[s.window] / 60000))
      window         = s.window
      window_days    = local.ms[s.window] / local.ms["1d"]
      window_seconds = local.ms[s.window] / 1000
      # No more than all requests can fail: an objective of 90 % burns at most 10 times too fast. It pages when nine of ten failed.
      factor  = { for clause, factor in local.burn_factors[s.window] : clause => min(factor, tonumber(format("%.4f", 90 / (100 - s.objective)))) }
      min_bad = s.min_bad_events
      # What is counted, whose absence SLIMissing tells of; what reads how much was counted in a window.
      series = local.counted_series[shape].all
      seen   = local.counted_series[shape].seen
      events = local.counted_series[shape].events
      over   = s.sli.kind == "probe" ? local.probes_over[shape] : local.events_over[shape]
      up     = "up{${join(",", compact([s.plane == "" ? "" : "plane='${s.plane}'", s.service == "" ? "service!=''" : "service='${s.service}'"]))}}"
      down   = s.service == "" ? "" : "platform:service:down{plane=\"${s.plane}\",service=\"${s.service}\"}"
      # A plane's SLO rests while the plane as a whole is maintained.
      maintenance = local.maintained && s.plane != "" ? "platform:service:maintenance{plane=\"${s.plane}\",service=\"${s.service}\"}" : ""
      alerts      = s.alerts
      latencies = s.sli.kind == "custom" ? [] : [
        for percentile in ["p95", "p99"] : {
          name     = percentile
          labels   = jsonencode({ for key, value in { severity = "warning", category = "slo", percentile = percentile, slo = s.id, plane = s.plane, service = s.service } : key => value if value != "" })
          quantile = { p95 = 0.95, p99 = 0.99 }[percentile]
          target   = s.latency[percentile]
          bucket   = "http_request_duration_seconds_bucket{${join(",", compact([s.selector, "le=~\"${replace(tostring(s.latency[percentile]), ".", "\\\\.")}${floor(s.latency[percentile]) == s.latency[percentile] ? "(\\\\.0)?" : ""}\""]))}}"
          count    = "http_request_duration_seconds_bucket{${join(",", compact([s.selector, "le=\"+Inf\""]))}}"
          buckets  = "http_request_duration_seconds_bucket{${s.selector}}"
          duration = "probe_duration_seconds{${s.selector}}"
        } if try(s.latency[percentile], null) != null
      ]
    }
  }
}
