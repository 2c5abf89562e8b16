# What an SLO counts, and how its rules read how much that was in a window.
locals {
  # Requests and counters of one's own: what each counter shows is noted at every evaluation, and events are what the notes differ by.
  # Not what the counters show now and showed one evaluation ago: a scrape is dated by its start and there at its end, so that one which
  # ends after the evaluation would never be seen to add anything.
  counted_series = {
    for shape, s in local.shaped_slos : shape => {
      all = s.sli.kind == "custom" ? s.sli.total : s.sli.kind == "probe" ? "probe_success{${s.selector}}" : "http_requests_total{${s.selector}}"
      seen = {
        requests = { seen = "http_requests_total{${s.selector}}" }
        custom   = { seen = s.sli.total, seen_good = s.sli.good }
        probe    = {}
      }[s.sli.kind]
      events = {
        requests = { total = "slo:${s.id}:events:seen", bad = "slo:${s.id}:events:seen{status=~\"5..\"}" }
        custom   = { total = "slo:${s.id}:events:seen", good = "slo:${s.id}:events:seen_good" }
        probe    = {}
      }[s.sli.kind]
    }
  }

  # The ranges that are read: the windows as they are, and the last roll-ups' time, which ends a little earlier: what was evaluated or
  # probed before is then there, however long it took.
  ranges = merge(
    { for name in ["5m", "30m", "1h", "2h", "6h"] : name => "[${local.window[name]}]" },
    { for number in [1, 2, 3, 4] : "rollup_${number}" => "[${local.window["in_rollup_${number}"]}] offset ${local.text["rollup_lag"]}" },
  )
  events_over = {
    for shape, s in local.shaped_slos : shape => {
      for name, range in local.ranges : name => {
        total = "sum_over_time(slo:${s.id}:events:total${range})"
        bad   = "sum_over_time(slo:${s.id}:events:bad${range})"
      }
    }
  }
  # A probe is an event by itself: one that was not made is none.
  probes_over = {
    for shape, s in local.shaped_slos : shape => {
      for name, range in local.ranges : name => {
        total = "sum(count_over_time(probe_success{${s.selector}}${range}))"
        bad   = "sum(count_over_time(probe_success{${s.selector}}${range}) - sum_over_time(probe_success{${s.selector}}${range}))"
      }
    }
  }
}
