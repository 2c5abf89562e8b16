# Durations of the rules: how long conditions must hold, how often groups run, how far windows look back.
locals {
  # What a page for something that is down waits for, where `timings` does not say so itself.
  page_timings = {
    standard = { scrape_interval = "15s", scrape_timeout = "10s", down_evaluation_interval = var.monitoring.timings.evaluation_interval, down_hold = "1m", page_group_wait = var.monitoring.timings.group_wait }
    fast     = { scrape_interval = "5s", scrape_timeout = "3s", down_evaluation_interval = "5s", down_hold = "15s", page_group_wait = "5s" }
  }
  timings = merge(local.page_timings[var.monitoring.page_timings], { for name, value in var.monitoring.timings : name => value if value != null })
  unit_ms = { ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000 }
  ms = {
    for duration in distinct(concat(
      ["1m", "2m", "5m", "10m", "15m", "30m", "1h", "2h", "6h", "1d", "3d", "28d", "30d"],
      [for name, value in local.timings : value if name != "hold_factor"],
      local.scraped_services[*].wanted,
      [for alert in local.own_alerts : alert.hold],
    )) :
    duration => sum([for part in regexall("([0-9]+)(ms|s|m|h|d)", duration) : tonumber(part[0]) * local.unit_ms[part[1]]])
  }

  # What a condition's `for` becomes: the text itself, or in drills the text times hold_factor.
  hold = merge(local.held, { down = local.held[local.timings.down_hold] })
  held = {
    for duration, ms in local.ms : duration => (
      local.timings.hold_factor == 1 ? duration :
      floor(ms * local.timings.hold_factor) % 1000 == 0 ? "${floor(ms * local.timings.hold_factor) / 1000}s" :
      "${floor(ms * local.timings.hold_factor)}ms"
    )
  }

  # Groups: the paging ones run at every evaluation, details at every fourth, roll-ups at every sixteenth (4 minutes: a recorded series
  # must be younger than Prometheus' lookback of 5 minutes when the next value comes).
  evaluation_ms = local.ms[local.timings.evaluation_interval]
  fresh_seconds = local.evaluation_ms * 5 / 1000 # a series of the details is not older, or nobody records it any more
  interval = {
    evaluation = local.timings.evaluation_interval
    down       = local.timings.down_evaluation_interval
    detail     = local.text["detail"]
    rollup     = local.text["rollup"]
  }

  # Prometheus 2 counts a sample at the far end of a window, Prometheus 3 does not: windows over values of every evaluation end a
  # millisecond earlier, windows over roll-ups half a roll-up earlier, and both versions add up the same values.
  lengths_ms = merge(
    { detail = local.evaluation_ms * 4, rollup = local.evaluation_ms * 16, rollup_lag = local.evaluation_ms * 2 },
    # Roll-ups that were not made in time are made up for by the next: what 2, 3, 4 of them hold, when none is younger than that.
    { for number in [1, 2, 3, 4] : "in_rollup_${number}" => local.evaluation_ms * 16 * number - 1 },
    { for number in [2, 3, 4] : "no_rollup_${number}" => local.evaluation_ms * (16 * number - 8) },
    { keep_down = local.evaluation_ms * 4 + local.scrape_ms * 2, keep_plane_down = local.evaluation_ms * 5 + local.scrape_ms * 2 },
    # Prometheus tells of an ended alert for 15 minutes, which keeps its group alive: what fails again meanwhile, or joins, waits for
    # the group's interval. A page must not wait for the 5 minutes of a message.
    { page_interval = floor(local.ms[local.timings.group_interval] / 5) },
    { heartbeat = floor(local.heartbeat_ms), scrape_timeout = local.scrape_timeout_ms, probe_timeout = floor(local.scrape_timeout_ms * 9 / 10) },
    { for wanted, ms in local.interval_ms : "every ${wanted}" => ms },
    { for wanted, ms in local.interval_ms : "within ${wanted}" => min(ms, local.scrape_timeout_ms) },
    { for w in ["5m", "30m", "1h", "2h", "6h"] : w => local.ms[w] - 1 },
    { for w in ["1d", "3d", "28d", "30d"] : w => local.ms[w] - local.evaluation_ms * 8 },
  )
  text = {
    for name, ms in local.lengths_ms : name => join("", [
      for unit in [["d", 86400000, 1000000], ["h", 3600000, 24], ["m", 60000, 60], ["s", 1000, 60], ["ms", 1, 1000]] :
      "${floor(ms / unit[1]) % unit[2]}${unit[0]}" if floor(ms / unit[1]) % unit[2] > 0
    ])
  }
  # How long a Down alert goes on after its end: what it quiets may be scraped twice, and evaluated with the details, before it ends
  # too. A plane's goes on for an evaluation more than those of its services.
  keep   = { down = local.text["keep_down"], plane_down = local.text["keep_plane_down"] }
  window = { for name, text in local.text : name => text if can(regex("^([0-9]+[mhd]|(in|no)_.*)$", name)) }
}
