# Where Alertmanager's heartbeat goes. The host's own listener turns it into a metric whose absence CloudWatch tells; without a host nothing
# listens there, and a receiver without a destination takes the Watchdog from everybody else.
variable "host" {
  description = "false: for an Alertmanager of one's own, on whose machine no listener of this module runs."
  type        = bool
  default     = true
  nullable    = false
}

variable "heartbeat_url" {
  description = "One more place that takes the heartbeat and notices its silence, a dead man's switch of one's own. It stands in the configuration as it is."
  type        = string
  default     = null
}

locals {
  heartbeat_urls = concat(
    var.host ? ["http://127.0.0.1:${var.monitoring.ports.heartbeat}/"] : [],
    var.heartbeat_url == null ? [] : [var.heartbeat_url],
  )
}
