variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "alarm_prefix" {
  description = "Put before the names of its own alarms."
  type        = string
  nullable    = false
  default     = ""
}

variable "canary_name" {
  description = "Name of the alarm that is the canary; the forwarders must know it."
  type        = string
  nullable    = false
}

variable "interval_minutes" {
  description = "Minutes between two rounds, 1 to 60. Silence is told when three to six rounds are missing."
  type        = number
  nullable    = false
  default     = 5
  validation {
    condition     = contains(range(1, 61), var.interval_minutes)
    error_message = "interval_minutes is ${var.interval_minutes}: use whole minutes from 1 to 60."
  }
}

variable "remind_after_hours" {
  description = "Hours after which an alarm that still rings is told again, and again; null: never, as CloudWatch does."
  type        = number
  default     = null
}

variable "topic_arns" {
  description = "Topics to watch: critical, warning, slo, infrastructure."
  type        = map(string)
  nullable    = false
}

variable "topic_names" {
  description = "Their names."
  type        = map(string)
  nullable    = false
}

variable "fallback_topic_arn" {
  description = "Topic that hears what was found, and of path-watch's own faults."
  type        = string
  nullable    = false
}

variable "key" {
  description = "The key of the topics."
  type        = object({ key_arn = string })
  nullable    = false
}

variable "log_key" {
  description = "The key of the log group; its policy must admit logs.<region>, or the log group cannot be made. null: AWS' own."
  type        = object({ key_arn = string })
  default     = null
}

variable "mail" {
  description = "The addresses that must be subscribed, by topic (critical, warning, slo, infrastructure, fallback)."
  type        = map(list(string))
  nullable    = false
  default     = {}
}

variable "secret_ids" {
  description = "Names of the secrets that must be filled."
  type        = list(string)
  nullable    = false
  default     = []
}

variable "secret_arns" {
  description = "ARN of each of them."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "forwarders" {
  description = "The functions that listen to the topics, by function (pagerduty-forwarder, slack-forwarder)."
  type        = map(object({ function_name = string, function_arn = string, log_group_name = string }))
  nullable    = false
}

variable "runbooks_url" {
  description = "Base URL of the runbooks; empty leaves the link out."
  type        = string
  nullable    = false
  default     = ""
}

variable "environment" {
  description = "Further environment variables. Never a secret: they are in state and console."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "runtime" {
  description = "Python runtime; a later one than the default may be named."
  type        = string
  nullable    = false
  default     = "python3.11"
}

variable "vpc" {
  description = "Run it inside a VPC, whose subnets must lead to SNS, CloudWatch, Logs and Secrets Manager. Both halves, or Lambda would leave it outside without a word."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null
}

variable "log_retention_days" {
  description = "How long its log is kept, which is its memory, too."
  type        = number
  nullable    = false
  default     = 90
}

variable "tracing" {
  description = "Send X-Ray traces."
  type        = bool
  nullable    = false
  default     = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of its role."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
