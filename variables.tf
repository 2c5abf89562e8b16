variable "platform" {
  description = "The catalogue: planes, services, databases, caches, ECS services, SLOs, severities and teams, once. HCL, or yamldecode(file(\"platform.yaml\")). Its keys are in modules/platform/platform.schema.json; one that is not there is an error."
  type        = any
  nullable    = false
}

variable "name" {
  description = "Prefix of everything that is made: lower-case letters, digits, dashes, at most 21 so that every derived name fits. null: the catalogue's name. Two deployments in one account and region need two names."
  type        = string
  default     = null

  validation {
    condition     = var.name == null || can(regex("^[a-z][a-z0-9-]{0,20}$", var.name))
    error_message = "name is ${jsonencode(var.name)}: use at most 21 lower-case letters, digits and dashes, a letter first, \"shop-staging\" for example."
  }
}

variable "alarm_prefix" {
  description = "Put before every alarm's name. null: nothing, or \"<name>-\" where name differs from the catalogue's, because CloudWatch overwrites an alarm of the same name without a word."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_prefix == null || can(regex("^[A-Za-z0-9_.-]{0,60}$", var.alarm_prefix))
    error_message = "alarm_prefix is ${jsonencode(var.alarm_prefix)}: use at most 60 letters, digits, dashes, dots and underscores, \"staging-\" for example."
  }
}

variable "external_urls" {
  description = "Where people open the runbooks and the user interfaces, for the links in every notification: no slash at the end. An empty one leaves its link out."
  type = object({
    runbooks     = optional(string, "")
    prometheus   = optional(string, "")
    alertmanager = optional(string, "")
    grafana      = optional(string, "")
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for url in values(var.external_urls) : url == "" || can(regex("^https?://[^\\s]+[^/\\s]$", url))])
    error_message = join("\n", [for key, url in var.external_urls : "external_urls.${key} is ${jsonencode(url)}: write a URL without a slash at its end, \"https://grafana.example.com\" for example, or leave it out." if url != "" && !can(regex("^https?://[^\\s]+[^/\\s]$", url))])
  }
}

variable "smtp" {
  description = "The mail server of the Prometheus path. With a username its password is one more secret to fill, smtp_password. require_tls stays on unless the server is on the same host. null: no mail from there (the CloudWatch path mails by SNS)."
  type = object({
    host        = string
    port        = optional(number, 587)
    from        = string
    username    = optional(string, "")
    require_tls = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.smtp == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.smtp.from))
    error_message = "smtp.from is ${jsonencode(try(var.smtp.from, null))}: write the sender's address, \"alerts@example.com\" for example."
  }
  validation {
    condition     = var.smtp == null || can(regex("^[A-Za-z0-9.-]+$", var.smtp.host))
    error_message = "smtp.host is ${jsonencode(try(var.smtp.host, null))}: write the host's name alone, the port goes to smtp.port."
  }
  validation {
    condition     = var.smtp == null || try(var.smtp.port >= 1 && var.smtp.port <= 65535 && floor(var.smtp.port) == var.smtp.port, false)
    error_message = "smtp.port is ${jsonencode(try(var.smtp.port, null))}: a port lies between 1 and 65535, 587 for example."
  }
}

variable "monitoring" {
  description = "The Prometheus path: image versions and their registry, retention (null: 15 days or one more than the longest SLO window), ports on the host, timings, rule files of your own, and heartbeat_url: one more place that takes Alertmanager's heartbeat and notices its silence (without a host the only one); it is no secret. page_timings: \"standard\" pages within 125 s of a failure, \"fast\" within 35 s, at what docs/timing.md says; each number of timings that is given goes before it. timings.hold_factor multiplies every alert's hold time: below 1 for tests and drills only."
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
    extra_rules   = optional(map(string), {})
    heartbeat_url = optional(string)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.monitoring.heartbeat_url == null || can(regex("^https?://[^\\s\"'#]+$", var.monitoring.heartbeat_url))
    error_message = "monitoring.heartbeat_url is ${jsonencode(var.monitoring.heartbeat_url)}: write a URL, or leave it out."
  }
  validation {
    condition     = length(distinct(values(var.monitoring.ports))) == length(values(var.monitoring.ports))
    error_message = "monitoring.ports is ${jsonencode(var.monitoring.ports)}: two programs cannot share a port of the host, give each another."
  }
}

variable "pagerduty_region" {
  description = "Where the PagerDuty account lives, us or eu; both paths use it."
  type        = string
  nullable    = false
  default     = "us"

  validation {
    condition     = contains(["us", "eu"], var.pagerduty_region)
    error_message = "pagerduty_region is ${jsonencode(var.pagerduty_region)}: use \"us\" or \"eu\", as in the account's own address."
  }
}

variable "pagerduty_events_url" {
  description = "In place of PagerDuty's own address, for drills and tests."
  type        = string
  default     = null

  validation {
    condition     = var.pagerduty_events_url == null || can(regex("^https?://[^\\s]+$", var.pagerduty_events_url))
    error_message = "pagerduty_events_url is ${jsonencode(var.pagerduty_events_url)}: write a URL, or leave it out for PagerDuty itself."
  }
}

variable "cloudwatch" {
  description = "The CloudWatch path; null: none of it. alarms: the alarms of the catalogue's databases, caches, ECS services and load balancers. recommended_alarms: also those that AWS recommends. quiet_database_symptoms: one alarm over each database's symptoms (connections, latency, replica lag), quiet while a cause (CPU, memory, disk balances) is in ALARM; the symptoms then tell nobody by themselves. insufficient_data_alarms: names of alarms that tell, too, when they have no data. email: subscribe the teams' addresses (each is asked once to confirm). fallback: who hears that the alert path itself is broken. publisher_account_ids: other accounts whose alarms use these topics. path_watch: the function that tells the fallback topic of addresses that do not hear and of secrets that are not filled, and sends a canary, every interval_minutes (1 to 60); remind_after_hours: alarms that still ring are told again after so many hours, null: never. events: what AWS itself reports, told as alerts: rds, ecs (tasks that failed), health, guardduty."
  type = object({
    alarms                   = optional(bool, true)
    recommended_alarms       = optional(bool, false)
    quiet_database_symptoms  = optional(bool, false)
    insufficient_data_alarms = optional(set(string), [])
    email                    = optional(bool, true)
    fallback = optional(object({
      emails      = optional(set(string), [])
      https_urls  = optional(set(string), [])
      sms_numbers = optional(set(string), [])
    }), {})
    publisher_account_ids = optional(list(string), [])
    path_watch = optional(object({
      enabled            = optional(bool, true)
      interval_minutes   = optional(number, 5)
      remind_after_hours = optional(number)
    }), {})
    events = optional(object({
      rds       = optional(bool, false)
      ecs       = optional(bool, false)
      health    = optional(bool, false)
      guardduty = optional(bool, false)
    }), {})
  })
  default = {}

  validation {
    condition     = alltrue([for address in try(var.cloudwatch.fallback.emails, []) : can(regex("^[^@\\s,;<>\"]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", address))])
    error_message = join("\n", [for address in try(var.cloudwatch.fallback.emails, []) : "cloudwatch.fallback.emails has ${jsonencode(address)}: an address is name@domain, \"oncall@example.com\" for example." if !can(regex("^[^@\\s,;<>\"]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", address))])
  }
  validation {
    condition     = alltrue([for url in try(var.cloudwatch.fallback.https_urls, []) : startswith(url, "https://")])
    error_message = "cloudwatch.fallback.https_urls is ${jsonencode(try(var.cloudwatch.fallback.https_urls, []))}: every one begins with https://, an alert does not travel in the clear."
  }
  validation {
    condition     = alltrue([for number in try(var.cloudwatch.fallback.sms_numbers, []) : can(regex("^\\+[0-9]{6,15}$", number))])
    error_message = "cloudwatch.fallback.sms_numbers is ${jsonencode(try(var.cloudwatch.fallback.sms_numbers, []))}: a number begins with + and the country, \"+4930123456\" for example."
  }
  validation {
    condition     = contains(range(1, 61), try(var.cloudwatch.path_watch.interval_minutes, 5))
    error_message = "cloudwatch.path_watch.interval_minutes is ${jsonencode(try(var.cloudwatch.path_watch.interval_minutes, null))}: use whole minutes from 1 to 60, 5 for example."
  }
  validation {
    condition     = try(var.cloudwatch.path_watch.remind_after_hours, null) == null || try(var.cloudwatch.path_watch.remind_after_hours >= 1, false)
    error_message = "cloudwatch.path_watch.remind_after_hours is ${jsonencode(try(var.cloudwatch.path_watch.remind_after_hours, null))}: use 1 or more, 6 for example; null switches it off."
  }
  validation {
    condition     = alltrue([for id in try(var.cloudwatch.publisher_account_ids, []) : can(regex("^[0-9]{12}$", id))])
    error_message = "cloudwatch.publisher_account_ids is ${jsonencode(try(var.cloudwatch.publisher_account_ids, []))}: an account has 12 digits; write it in quotes, or a leading 0 is lost."
  }
}

variable "topics" {
  description = "Topics that exist already, or are made in the same apply, in place of the module's: critical, warning, slo, infrastructure, each { arn }. They are never changed: the output required_statements says what their policies need."
  type = object({
    critical       = optional(object({ arn = string }))
    warning        = optional(object({ arn = string }))
    slo            = optional(object({ arn = string }))
    infrastructure = optional(object({ arn = string }))
  })
  nullable = false
  default  = {}
}

variable "load_balancers" {
  description = "Load balancers of the catalogue that are made in the same apply, by their name there, so that their ARNs are not known yet: { portal = { load_balancer = aws_lb.portal } }, with target_group = aws_lb_target_group.portal to count its requests alone. Others stand in the catalogue whole."
  type = map(object({
    load_balancer = object({ arn_suffix = string })
    target_group  = optional(object({ arn_suffix = string }))
  }))
  nullable = false
  default  = {}
}

variable "kms" {
  description = "A key, which may be made in the same apply, for topics, queues, secrets and release, in place of the module's (topics, queues, logs) and AWS' own (the rest). It is never changed: the output required_statements says what its policy needs. encrypt_logs: the forwarders' logs too; its policy must admit logs.<region> before the log groups are made."
  type        = object({ key_arn = string, encrypt_logs = optional(bool, false) })
  default     = null
}

variable "forwarders" {
  description = "The two functions: vpc (both lists, or none), log_retention_days, reserved_concurrency (-1: none, else 4 or more), tracing (X-Ray), runtime (python3.11 or later), secret_ttl_seconds (how long a secret is remembered), secrets_extension (the layer of the AWS Parameters and Secrets extension, to read them through it; AWS lists an ARN for each region, take the one for x86_64), timeout_seconds of one invocation, retries (0 to 2) of a failed one and the age at which it is put aside in the queue all the same (give_up_after_seconds), environment (further variables; never a secret)."
  type = object({
    vpc = optional(object({
      subnet_ids         = optional(list(string), [])
      security_group_ids = optional(list(string), [])
    }))
    log_retention_days    = optional(number, 90)
    reserved_concurrency  = optional(number, -1)
    tracing               = optional(bool, false)
    runtime               = optional(string, "python3.11")
    secret_ttl_seconds    = optional(number, 300)
    secrets_extension     = optional(object({ layer_arn = string }))
    timeout_seconds       = optional(number, 30)
    retries               = optional(number, 2)
    give_up_after_seconds = optional(number, 3600)
    environment           = optional(map(string), {})
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.forwarders.vpc == null || try(length(var.forwarders.vpc.subnet_ids) > 0 && length(var.forwarders.vpc.security_group_ids) > 0, false)
    error_message = "forwarders.vpc has no ${try(length(var.forwarders.vpc.subnet_ids), 0) == 0 ? "subnet_ids" : "security_group_ids"}: give both, or Lambda leaves the function outside the VPC without a word; leave vpc out to run it there on purpose."
  }
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, 0], var.forwarders.log_retention_days)
    error_message = "forwarders.log_retention_days is ${var.forwarders.log_retention_days}: CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 and longer ones by the year; 0 keeps all."
  }
  validation {
    condition     = var.forwarders.reserved_concurrency == -1 || (var.forwarders.reserved_concurrency >= 4 && floor(var.forwarders.reserved_concurrency) == var.forwarders.reserved_concurrency)
    error_message = "forwarders.reserved_concurrency is ${var.forwarders.reserved_concurrency}: use 4 or more, for the canaries of four topics come at the same moment and the throttles alarm would ring with each round; or -1 for none."
  }
  validation {
    condition     = contains([0, 1, 2], var.forwarders.retries)
    error_message = "forwarders.retries is ${var.forwarders.retries}: Lambda tries 0, 1 or 2 times again."
  }
  validation {
    condition     = var.forwarders.timeout_seconds >= 3 && var.forwarders.timeout_seconds <= 900 && floor(var.forwarders.timeout_seconds) == var.forwarders.timeout_seconds
    error_message = "forwarders.timeout_seconds is ${var.forwarders.timeout_seconds}: use 3 to 900; below 3 no delivery has the time to fail in an orderly way, Lambda takes no more."
  }
  validation {
    condition     = var.forwarders.give_up_after_seconds >= 60 && var.forwarders.give_up_after_seconds <= 21600 && floor(var.forwarders.give_up_after_seconds) == var.forwarders.give_up_after_seconds
    error_message = "forwarders.give_up_after_seconds is ${var.forwarders.give_up_after_seconds}: Lambda takes 60 to 21600."
  }
  validation {
    condition     = var.forwarders.secrets_extension == null || can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$", var.forwarders.secrets_extension.layer_arn))
    error_message = "forwarders.secrets_extension.layer_arn is ${jsonencode(try(var.forwarders.secrets_extension.layer_arn, null))}: write the layer's whole ARN with its version at the end, as AWS lists it for the region."
  }
  validation {
    condition     = var.forwarders.secret_ttl_seconds >= 0 && var.forwarders.secret_ttl_seconds <= 86400 && floor(var.forwarders.secret_ttl_seconds) == var.forwarders.secret_ttl_seconds
    error_message = "forwarders.secret_ttl_seconds is ${var.forwarders.secret_ttl_seconds}: use whole seconds up to 86400, 300 for example; 0 asks every time."
  }
  validation {
    condition     = try(tonumber(regex("^python3\\.([0-9]+)$", var.forwarders.runtime)[0]) >= 11, false)
    error_message = "forwarders.runtime is ${jsonencode(var.forwarders.runtime)}: use \"python3.11\" or later."
  }
}

variable "secrets" {
  description = "The secrets are made empty and filled out of band. recovery_window_days: 7 to 30 days in which a deleted one can be restored and its name stays taken, or 0 where everything is disposable."
  type        = object({ recovery_window_days = optional(number, 30) })
  nullable    = false
  default     = {}

  validation {
    condition     = var.secrets.recovery_window_days == 0 || (var.secrets.recovery_window_days >= 7 && var.secrets.recovery_window_days <= 30)
    error_message = "secrets.recovery_window_days is ${var.secrets.recovery_window_days}: Secrets Manager takes 7 to 30 days, or 0 to delete at once."
  }
}

variable "host" {
  description = "The monitoring host; null: none, and rules and routes are an output for a Prometheus and Alertmanager of your own. subnet: one, as aws_subnet or data.aws_subnet gives it (its disk is in one zone); it needs a way out to 443. ui_clients: whose security groups may open the user interfaces. target_networks: where the catalogue's targets live. heartbeat_missing_minutes: silence after which the CloudWatch path pages, null: never. disposable: destroy keeps nothing (no snapshot of the disk, no release)."
  type = object({
    subnet                    = object({ id = string, availability_zone = string, vpc_id = string })
    instance_type             = optional(string, "t3.medium")
    architecture              = optional(string, "x86_64")
    ami_id                    = optional(string)
    root_volume_gb            = optional(number, 20)
    data_volume_gb            = optional(number, 50)
    volume_key                = optional(object({ key_arn = string }))
    public_ip                 = optional(bool, false)
    session_manager           = optional(bool, false)
    ui_clients                = optional(map(object({ security_group_id = string })), {})
    target_networks           = optional(map(object({ cidr_ipv4 = string })), {})
    heartbeat_missing_minutes = optional(number, 10)
    disposable                = optional(bool, false)
  })
  default = null

  validation {
    condition     = contains(["x86_64", "arm64"], try(var.host.architecture, "x86_64"))
    error_message = "host.architecture is ${jsonencode(try(var.host.architecture, null))}: use \"x86_64\" or \"arm64\", as the instance type is."
  }
  validation {
    condition     = try(var.host.heartbeat_missing_minutes, null) == null || try(var.host.heartbeat_missing_minutes >= 5 && var.host.heartbeat_missing_minutes <= 1440, false)
    error_message = "host.heartbeat_missing_minutes is ${jsonencode(try(var.host.heartbeat_missing_minutes, null))}: use 5 to 1440, for a shorter silence is an ordinary restart; null switches the alarm off."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role that is made."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that takes tags, beside the module's own tag alerting = <name>."
  type        = map(string)
  nullable    = false
  default     = {}
}
