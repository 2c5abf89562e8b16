# What the SLO rules print for each SLO.
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

  slos = { for id, s in local.slo_basics : id => merge(s, { first_latency = slice(s.latencies, 0, min(1, length(s.latencies))), histograms = s.kind == "requests" ? s.latencies : [] }) }
  slo_basics = {
    for id, s in var.catalogue.slos : id => {
      id             = id
      labels         = jsonencode({ for key, value in { slo = id, plane = s.plane, service = s.service } : key => value if value != "" })
      page_labels    = jsonencode({ for key, value in { severity = "critical", category = "slo", slo = id, plane = s.plane, service = s.service } : key => value if value != "" })
      warning_labels = jsonencode({ for key, value in { severity = "warning", category = "slo", slo = id, plane = s.plane, service = s.service } : key => value if value != "" })
      pages          = s.pages
      kind           = s.sli.kind
      objective      = s.objective
      ratio          = tonumber(format("%.8f", s.objective / 100))
      budget         = tonumber(format("%.8f", (100 - s.objective) / 100))
      budget_minutes = tonumber(format("%.4f", (100 - s.objective) / 100 * local.ms[s.window] / 60000))
      window         = s.window
      window_days    = local.ms[s.window] / local.ms["1d"]
      window_seconds = local.ms[s.window] / 1000
      factor         = local.burn_factors[s.window]
      min_bad        = s.min_bad_events
      # Series whose absence SLIMissing tells of, and those that are counted.
      series = s.sli.kind == "custom" ? s.sli.total : s.sli.kind == "probe" ? "probe_success{${s.sli.selector}}" : "http_requests_total{${s.sli.selector}}"
      total  = s.sli.kind == "custom" ? s.sli.total : "http_requests_total{${s.sli.selector}}"
      good   = s.sli.good
      bad    = "http_requests_total{${join(",", compact([s.sli.selector, "status=~\"5..\""]))}}"
      probe  = s.sli.selector
      up     = "up{${join(",", compact([s.plane == "" ? "" : "plane='${s.plane}'", s.service == "" ? "service!=''" : "service='${s.service}'"]))}}"
      down   = s.service == "" ? "" : "platform:service:down{plane=\"${s.plane}\",service=\"${s.service}\"}"
      alerts = [for alert in local.slo_alerts[id] : local.printed_alert[jsonencode([alert.name, alert.labels])]]
      latencies = s.sli.kind == "custom" ? [] : [
        for percentile in ["p95", "p99"] : {
          name     = percentile
          labels   = jsonencode({ for key, value in { severity = "warning", category = "slo", percentile = percentile, slo = id, plane = s.plane, service = s.service } : key => value if value != "" })
          quantile = { p95 = 0.95, p99 = 0.99 }[percentile]
          target   = s.latency[percentile]
          bucket   = "http_request_duration_seconds_bucket{${join(",", compact([s.sli.selector, "le=~\"${replace(tostring(s.latency[percentile]), ".", "\\\\.")}${floor(s.latency[percentile]) == s.latency[percentile] ? "(\\\\.0)?" : ""}\""]))}}"
          count    = "http_request_duration_seconds_bucket{${join(",", compact([s.sli.selector, "le=\"+Inf\""]))}}"
          buckets  = "http_request_duration_seconds_bucket{${s.sli.selector}}"
          duration = "probe_duration_seconds{${s.sli.selector}}"
        } if try(s.latency[percentile], null) != null
      ]
    }
  }
}
