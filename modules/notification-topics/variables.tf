variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "alarm_prefix" {
  description = "Put before the names of this module's own alarms."
  type        = string
  nullable    = false
  default     = ""
}

variable "destinations" {
  description = "The routing table of the catalogue."
  type        = any
  nullable    = false
}

variable "alarms" {
  description = "Every alarm that is told through these topics, by name: its labels, the resource it is named after, and its topic (critical, warning, slo, infrastructure). E-mail filters are made from it."
  type = map(object({
    severity = string
    category = optional(string, "")
    plane    = optional(string, "")
    service  = optional(string, "")
    resource = optional(string, "")
    topic    = string
  }))
  nullable = false
  default  = {}
}

variable "topics" {
  description = "Topics that exist already, or are made in the same apply, in place of this module's: critical, warning, slo, infrastructure. They are never changed; the output required_statements says what their policies must allow."
  type = object({
    critical       = optional(object({ arn = string }))
    warning        = optional(object({ arn = string }))
    slo            = optional(object({ arn = string }))
    infrastructure = optional(object({ arn = string }))
  })
  nullable = false
  default  = {}
}

variable "kms" {
  description = "A key to use in place of a new one. It is never changed; the output required_statements says what its policy must allow."
  type        = object({ key_arn = string })
  default     = null
}

variable "publisher_account_ids" {
  description = "Other accounts whose alarms may publish to these topics and use this module's key."
  type        = list(string)
  nullable    = false
  default     = []
}

variable "email" {
  description = "false: no e-mail subscriptions for the teams. Each one sends a confirmation mail once, and vanishes after 48 h without an answer."
  type        = bool
  nullable    = false
  default     = true
}

variable "fallback" {
  description = "Who hears that the alert path itself is broken, past forwarders, key and filters."
  type = object({
    emails      = optional(set(string), [])
    https_urls  = optional(set(string), [])
    sms_numbers = optional(set(string), [])
  })
  nullable = false
  default  = {}
}

variable "events" {
  description = "Events of AWS that are told as alerts: rds, ecs (tasks that failed), health, guardduty."
  type = object({
    rds       = optional(bool, false)
    ecs       = optional(bool, false)
    health    = optional(bool, false)
    guardduty = optional(bool, false)
  })
  nullable = false
  default  = {}
}

variable "runbooks_url" {
  description = "Base URL of the runbooks; empty leaves the link out."
  type        = string
  nullable    = false
  default     = ""
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
