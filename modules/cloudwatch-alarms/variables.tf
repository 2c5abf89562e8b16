variable "catalogue" {
  description = "The catalogue as modules/platform gives it; its databases, caches and ecs_services get alarms."
  type        = any
  nullable    = false
}

variable "alarm_prefix" {
  description = "Put before every alarm's name; the way to keep two deployments of one platform apart in one account and region."
  type        = string
  nullable    = false
  default     = ""
}

variable "topic_arns" {
  description = "The topic of each kind of alarm: critical, warning, slo, infrastructure."
  type        = map(string)
  nullable    = false
}

variable "external_urls" {
  description = "Base URLs of runbooks and Grafana for the links in an alarm's description; an empty one leaves its link out."
  type        = object({ runbooks = optional(string, ""), grafana = optional(string, "") })
  nullable    = false
  default     = {}
}

variable "dashboard_uid" {
  description = "Grafana dashboard that an alarm links to."
  type        = string
  nullable    = false
  default     = "service-overview"
}

variable "settings" {
  description = "recommended_alarms: also the alarms that AWS recommends beyond the reference set. insufficient_data_alarms: names of alarms that tell, too, when they have no data."
  type = object({
    recommended_alarms       = optional(bool, false)
    insufficient_data_alarms = optional(set(string), [])
  })
  nullable = false
  default  = {}
}

variable "tags" {
  description = "Tags of every alarm."
  type        = map(string)
  nullable    = false
  default     = {}
}
