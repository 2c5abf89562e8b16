# One alarm over a database's symptoms, which keeps quiet while their cause is in ALARM. A suppressor silences only the actions of the
# alarm that it is given to, so the symptoms have none of their own here.
#
# A cause quiets symptoms that are no graver than itself: a warning never quiets a page.
locals {
  suppressor_wait_seconds = 180 # causes and symptoms are averages of the same minutes, and need not cross their lines in the same one

  # Every group by the name of the alarm over it: a database's symptoms of one severity, and what may quiet them.
  symptom_groups = merge([
    for database in keys(var.catalogue.databases) : {
      for severity, graver in { warning = ["warning", "critical"], critical = ["critical"] } :
      "${var.alarm_prefix}${database}-symptoms${severity == "critical" ? "-critical" : ""}" => {
        database = database
        severity = severity
        members  = [for name, alarm in local.alarms : name if alarm.part == "symptom" && alarm.service == database && alarm.severity == severity]
        causes   = [for name, alarm in local.alarms : name if alarm.part == "cause" && alarm.service == database && contains(graver, alarm.severity)]
      }
    }
  ]...)
  quieted_groups = { for name, group in local.symptom_groups : name => group if var.settings.quiet_database_symptoms && length(group.members) > 0 && length(group.causes) > 0 }

  # A suppressor is one alarm: where there are several causes, one over them, which tells nobody.
  suppressor_of = {
    for name, group in local.quieted_groups : name => length(group.causes) == 1 ? group.causes[0] : "${var.alarm_prefix}${group.database}-causes${group.severity == "critical" ? "-critical" : ""}"
  }
  composite_reason = "No data: an alarm over alarms has none of its own, and one of them without data is not in ALARM."

  symptoms = {
    for name, group in local.quieted_groups : name => merge(local.composite_of[name], {
      members  = group.members
      severity = group.severity
      about    = "Symptoms of ${group.database}: ${join(", ", group.members)}. Quiet while ${join(" or ", group.causes)} is in ALARM, which tells it already; what still holds ${local.suppressor_wait_seconds} s after that is told. ${local.composite_reason}"
    })
  }
  causes = {
    for name, group in local.quieted_groups : local.suppressor_of[name] => merge(local.composite_of[name], {
      members  = group.causes
      severity = group.severity
      about    = "Causes of ${name}: ${join(", ", group.causes)}. Each tells itself, this one tells nobody. ${local.composite_reason}"
    }) if length(group.causes) > 1
  }
  composite_of = {
    for name, group in local.quieted_groups : name => {
      category = "database"
      plane    = var.catalogue.databases[group.database].plane
      service  = group.database
      resource = group.database
      runbook  = "database-symptoms"
    }
  }
  # What a cause says of the symptoms that it hides.
  quiets = {
    for cause, names in { for pair in flatten([for name, group in local.quieted_groups : [for cause in group.causes : { cause = cause, name = name }]]) : pair.cause => pair.name... } :
    cause => "While it lasts these are not told: ${join(", ", flatten([for name in names : local.quieted_groups[name].members]))}."
  }
}

resource "aws_cloudwatch_composite_alarm" "causes" {
  for_each = local.causes

  alarm_name        = each.key
  alarm_description = local.descriptions[each.key]
  alarm_rule        = join(" OR ", [for name in each.value.members : "ALARM(\"${aws_cloudwatch_metric_alarm.this[name].alarm_name}\")"])

  alarm_actions             = local.actions[each.key]
  ok_actions                = local.actions[each.key]
  insufficient_data_actions = local.no_data_actions[each.key]

  tags = var.tags
}

resource "aws_cloudwatch_composite_alarm" "symptoms" {
  for_each = local.symptoms

  alarm_name        = each.key
  alarm_description = local.descriptions[each.key]
  alarm_rule        = join(" OR ", [for name in each.value.members : "ALARM(\"${aws_cloudwatch_metric_alarm.this[name].alarm_name}\")"])

  alarm_actions             = local.actions[each.key]
  ok_actions                = local.actions[each.key]
  insufficient_data_actions = local.no_data_actions[each.key]

  actions_suppressor {
    alarm            = local.suppressor_of[each.key]
    wait_period      = local.suppressor_wait_seconds
    extension_period = local.suppressor_wait_seconds
  }

  tags = var.tags

  depends_on = [aws_cloudwatch_metric_alarm.this, aws_cloudwatch_composite_alarm.causes]
}
