# Whom an alarm tells. Every kind is here under its name: metric alarms, the windows of a burn rate, and alarms over other alarms.
locals {
  every_alarm = merge(local.alarms, local.burn_windows, local.burning, local.causes, local.symptoms)

  # One alarm, one topic.
  topic_of = {
    for name, alarm in local.every_alarm : name => (
      alarm.category == "slo" ? "slo" :
      alarm.category == "infrastructure" ? "infrastructure" :
      alarm.severity == "critical" ? "critical" : "warning"
    )
  }
  # A part is told by the alarm over it, and by nothing else.
  parts = toset(concat(keys(local.burn_windows), keys(local.causes), flatten([for group in local.symptoms : group.members])))

  # The end is told as the beginning is. No data is told only where it was asked for: it is neither.
  actions         = { for name, topic in local.topic_of : name => contains(local.parts, name) ? [] : [var.topic_arns[topic]] }
  no_data_actions = { for name, topic in local.topic_of : name => contains(var.settings.insufficient_data_alarms, name) ? [var.topic_arns[topic]] : [] }
  told            = { for name, alarm in local.every_alarm : name => !contains(local.parts, name) || contains(var.settings.insufficient_data_alarms, name) }
}
