variable "catalogue" {
  description = "The catalogue as modules/platform gives it; its databases, caches, ecs_services and load_balancers get alarms."
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

variable "load_balancers" {
  description = "The catalogue's load balancers that are made in the same apply, by their name there, as aws_lb and aws_lb_target_group give them; in place of the catalogue's load_balancer and target_group."
  type = map(object({
    load_balancer = object({ arn_suffix = string })
    target_group  = optional(object({ arn_suffix = string }))
  }))
  nullable = false
  default  = {}
}

variable "settings" {
  description = "recommended_alarms: also the alarms that AWS recommends beyond the reference set. quiet_database_symptoms: one alarm over each database's symptoms, quiet while their cause is in ALARM; the symptoms themselves then tell nobody. insufficient_data_alarms: names of alarms that tell, too, when they have no data."
  type = object({
    recommended_alarms       = optional(bool, false)
    quiet_database_symptoms  = optional(bool, false)
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
