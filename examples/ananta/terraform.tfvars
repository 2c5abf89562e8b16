external_urls = {
  runbooks     = "https://docs.ananta.io/runbooks"
  prometheus   = "https://prometheus.ananta.io"
  alertmanager = "https://alertmanager.ananta.io"
  grafana      = "https://grafana.ananta.io"
}

smtp = {
  host     = "smtp.ananta.io"
  from     = "alerts@ananta.io"
  username = "alerts@ananta.io"
}

monitoring = {}

cloudwatch = {
  fallback = { emails = ["oncall@ananta.io"] }
}
