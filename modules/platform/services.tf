# What is scraped and probed, and which alert says that it is down.
locals {
  down_alert_of_kind = { service = "ServiceDown", database = "DatabaseDown", cache = "RedisDown", queue = "RabbitMQDown", store = null }
  own_down_alert     = { for name, alerts in local.raw_alerts : name => try([for alert, a in alerts : alert if a.down][0], null) }
  down_alert         = { for name, s in local.raw_services : name => try(coalesce(local.own_down_alert[name], local.down_alert_of_kind[s.kind]), null) }

  # The first probe is the Down alert's; a further one belongs to the alert that names it.
  probe_owner = {
    for name, probes in local.raw_probes : name => [
      for i, p in probes : try(coalesce(i == 0 ? local.down_alert[name] : null, try([for alert, a in local.raw_alerts[name] : alert if a.probe == p.name][0], null)), "")
    ]
  }

  # Probes of equal settings share a module of the exporter.
  probe_settings   = { for name, probes in local.raw_probes : name => [for p in probes : jsonencode([p.valid_status_codes, p.follow_redirects, p.ip_protocol])] }
  default_settings = jsonencode([local.probe_default.valid_status_codes, local.probe_default.follow_redirects, local.probe_default.ip_protocol])
  http_module = {
    for settings in toset(flatten(values(local.probe_settings))) : settings => settings == local.default_settings ? "http" : "http_${substr(sha256(settings), 0, 8)}"
  }

  services = {
    for name, s in local.raw_services : name => {
      plane      = s.plane
      kind       = s.kind
      down_alert = local.down_alert[name]
      requests   = try(s.requests, s.kind == "service" && can(s.metrics))
      metrics    = try(merge(local.metrics_default, { job = "${s.plane}-plane-${name}", interval = null }, s.metrics), null)
      probes = [
        for i, p in local.raw_probes[name] : {
          name               = p.name
          type               = p.tcp == null ? "http" : "tcp"
          target             = p.tcp == null ? p.http : p.tcp
          owner              = local.probe_owner[name][i]
          valid_status_codes = p.valid_status_codes
          follow_redirects   = p.follow_redirects
          ip_protocol        = p.ip_protocol
          module             = p.tcp == null ? local.http_module[local.probe_settings[name][i]] : p.ip_protocol == "ip4" ? "tcp_connect" : "tcp_connect_${p.ip_protocol}"
        }
      ]
      alerts = local.raw_alerts[name]
    }
  }
}
