# Planned maintenance. The host's agent knows the clock and the time zones: it reads the windows and exports a gauge for each plane and
# service that they cover. Where no window is, no rule asks for it.
locals {
  windows    = try(var.catalogue.maintenance, {})
  maintained = length(local.windows) > 0

  # What an alert by plane and service carries: now, and for what looks back over five minutes.
  unless = {
    now    = local.maintained ? " unless on (plane, service) platform:service:maintenance" : ""
    lately = local.maintained ? "unless on (plane, service) max_over_time(platform:service:maintenance[5m])" : ""
  }
}
