variable "catalogue" {
  description = "The platform with every default filled in: output `catalogue` of modules/platform."
  type        = any
  nullable    = false
}

variable "monitoring" {
  description = "Versions, image registry, ports, retention in days (null: the longest SLO window and a day, at least 15), timings, page_timings (\"standard\" or \"fast\": what timings leaves out of scrape interval and timeout, evaluation and hold of the Down alerts, group_wait of pages) and rule files of one's own (file name => content). hold_factor multiplies every alert's `for`: below 1 in drills and tests only."
  type = object({
    versions = optional(object({
      prometheus   = optional(string, "v2.47.0")
      alertmanager = optional(string, "v0.26.0")
      grafana      = optional(string, "10.2.0")
      blackbox     = optional(string, "v0.24.0")
    }), {})
    registry       = optional(string, "docker.io")
    retention_days = optional(number)
    ports = optional(object({
      prometheus   = optional(number, 9090)
      alertmanager = optional(number, 9093)
      blackbox     = optional(number, 9115)
      grafana      = optional(number, 3000)
      heartbeat    = optional(number, 9096)
    }), {})
    page_timings = optional(string, "standard")
    timings = optional(object({
      scrape_interval          = optional(string)
      scrape_timeout           = optional(string)
      evaluation_interval      = optional(string, "15s")
      down_evaluation_interval = optional(string)
      down_hold                = optional(string)
      group_wait               = optional(string, "30s")
      page_group_wait          = optional(string)
      group_interval           = optional(string, "5m")
      repeat_interval_critical = optional(string, "1h")
      repeat_interval          = optional(string, "6h")
      hold_factor              = optional(number, 1)
    }), {})
    extra_rules = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for key, d in { for k, v in var.monitoring.timings : k => v if k != "hold_factor" && v != null } : can(regex("^([0-9]+(ms|s|m|h|d))+$", d))
    ])
    error_message = "monitoring.timings: each is a duration such as 15s, 5m or 1h (hold_factor is a number)."
  }
  validation {
    condition     = contains(["standard", "fast"], var.monitoring.page_timings)
    error_message = "monitoring.page_timings is ${jsonencode(var.monitoring.page_timings)}: use \"standard\" or \"fast\"; for numbers of your own give monitoring.timings."
  }
  validation {
    condition     = var.monitoring.timings.hold_factor >= 0.001 && var.monitoring.timings.hold_factor <= 10
    error_message = "monitoring.timings.hold_factor is ${var.monitoring.timings.hold_factor}: it lies between 0.001 and 10; 1 keeps every alert's own `for`."
  }
  validation {
    condition     = alltrue([for name in keys(var.monitoring.extra_rules) : can(regex("^[a-z0-9][a-z0-9._-]*\\.yml$", name))])
    error_message = "monitoring.extra_rules has ${join(", ", keys(var.monitoring.extra_rules))}: a key is a file name of lower-case letters, digits, -, _ and . that ends in .yml."
  }
}

variable "external_urls" {
  description = "Where people reach the pages that messages link to, without a slash at the end; an empty one leaves its link out."
  type = object({
    runbooks     = optional(string, "")
    prometheus   = optional(string, "")
    alertmanager = optional(string, "")
    grafana      = optional(string, "")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for url in values(var.external_urls) : url == "" || can(regex("^https?://[^\\s\"'<>|]+[^/\\s\"'<>|]$", url))])
    error_message = "external_urls: each begins with http:// or https:// and has no slash at its end, or is empty."
  }
}

variable "smtp" {
  description = "Server that takes the e-mail; null sends none. With a username its password is the secret file smtp_password."
  type = object({
    host        = string
    port        = optional(number, 587)
    from        = string
    username    = optional(string, "")
    require_tls = optional(bool, true)
  })
  default = null
}

variable "pagerduty_region" {
  description = "PagerDuty's service region: us or eu."
  type        = string
  default     = "us"
  nullable    = false
}

variable "pagerduty_events_url" {
  description = "A stand-in for PagerDuty's Events v2 endpoint, in drills; null is PagerDuty itself."
  type        = string
  default     = null
}
