variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "function" {
  description = "Which forwarder: pagerduty-forwarder or slack-forwarder. Its package is lambda_src/dist/<function>.zip."
  type        = string
  nullable    = false
  validation {
    condition     = contains(["pagerduty-forwarder", "slack-forwarder"], var.function)
    error_message = "function is ${jsonencode(var.function)}: use pagerduty-forwarder or slack-forwarder."
  }
}

variable "description" {
  description = "What the function is for, as the console shows it."
  type        = string
  nullable    = false
}

variable "alarm_prefix" {
  description = "Put before the names of its own alarms."
  type        = string
  nullable    = false
  default     = ""
}

variable "destinations" {
  description = "The routing table of the catalogue."
  type        = any
  nullable    = false
}

variable "resources" {
  description = "Whose a resource is that a message names without saying so, by its identifier in AWS."
  type        = map(object({ category = string, plane = string, service = string }))
  nullable    = false
  default     = {}
}

variable "secret_ids" {
  description = "Name in Secrets Manager of each secret file of the routing table."
  type        = map(string)
  nullable    = false
}

variable "secret_arns" {
  description = "ARN of each of these secrets; the function may read those that it uses."
  type        = map(string)
  nullable    = false
}

variable "secret_key" {
  description = "The key of the secrets, if it is not AWS' own."
  type        = object({ key_arn = string })
  default     = null
}

variable "secret_ttl_seconds" {
  description = "How long an instance remembers a secret; a refused one is read anew at once."
  type        = number
  nullable    = false
  default     = 300
}

variable "secrets_extension" {
  description = "Read secrets through the AWS Parameters and Secrets extension, whose layer this is (AWS lists one for each region and architecture; this function is x86_64). null: the function asks Secrets Manager itself. A refused secret is read past the extension either way."
  type        = object({ layer_arn = string })
  default     = null
}

variable "topic_arns" {
  description = "Topics to listen to: critical, warning, slo, infrastructure."
  type        = map(string)
  nullable    = false
}

variable "canary_name" {
  description = "Name of the alarm that is path-watch's canary: it is counted and reaches nobody."
  type        = string
  nullable    = false
}

variable "topic_names" {
  description = "Their names, by which a message without a severity gets one."
  type        = map(string)
  nullable    = false
}

variable "fallback_topic_arn" {
  description = "Topic that hears of the forwarder's own faults."
  type        = string
  nullable    = false
}

variable "key" {
  description = "The key of the topics, which the queue uses too."
  type        = object({ key_arn = string })
  nullable    = false
}

variable "log_key" {
  description = "The key of the log group; its policy must admit logs.<region>, or the log group cannot be made. null: AWS' own."
  type        = object({ key_arn = string })
  default     = null
}

variable "pagerduty_events_url" {
  description = "Where PagerDuty takes events."
  type        = string
  nullable    = false
}

variable "external_urls" {
  description = "Base URLs for links; an empty one leaves its link out."
  type        = object({ runbooks = optional(string, ""), grafana = optional(string, "") })
  nullable    = false
  default     = {}
}

variable "environment" {
  description = "Further environment variables, SSL_CERT_FILE for a test's own CA for example. Never a secret: they are in state and console."
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

variable "timeout_seconds" {
  description = "What one invocation may take. Every wait for PagerDuty, Slack and Secrets Manager ends a second before."
  type        = number
  nullable    = false
  default     = 30
}

variable "retries" {
  description = "How often a failed delivery is tried again (0 to 2), a minute and two minutes later, before it lies in the queue."
  type        = number
  nullable    = false
  default     = 2
}

variable "give_up_after_seconds" {
  description = "Age at which an alert that could not be delivered is put aside, whatever tries remain."
  type        = number
  nullable    = false
  default     = 3600
}

variable "vpc" {
  description = "Run it inside a VPC, whose subnets must lead to PagerDuty, Slack and Secrets Manager. Both halves, or Lambda would leave it outside without a word."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null
}

variable "log_retention_days" {
  description = "How long its log is kept."
  type        = number
  nullable    = false
  default     = 90
}

variable "reserved_concurrency" {
  description = "Concurrency kept for it alone, in place of a share of the account's; -1: none. Four canaries come at the same moment: fewer would be throttled, and told."
  type        = number
  nullable    = false
  default     = -1
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
