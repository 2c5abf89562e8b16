variable "region" {
  description = "Where to apply."
  type        = string
  default     = "eu-central-1"
}

variable "disposable" {
  description = "true: destroy keeps nothing, for tries and tests. Secrets go at once, the disk without a snapshot, the releases with their bucket."
  type        = bool
  default     = false
}

variable "heartbeat_missing_minutes" {
  description = "Silence of the Prometheus path after which the CloudWatch path pages; null: never."
  type        = number
  default     = 10
}

# What follows is passed on to the module as it is; terraform.tfvars holds the reference deployment's values.
variable "external_urls" {
  description = "See the module."
  type        = any
  default     = {}
}

variable "smtp" {
  description = "See the module."
  type        = any
  default     = null
}

variable "monitoring" {
  description = "See the module."
  type        = any
  default     = {}
}

variable "cloudwatch" {
  description = "See the module."
  type        = any
  default     = {}
}

variable "forwarders" {
  description = "See the module."
  type        = any
  default     = {}
}

variable "pagerduty_region" {
  description = "See the module."
  type        = string
  default     = "us"
}

variable "pagerduty_events_url" {
  description = "See the module."
  type        = string
  default     = null
}
