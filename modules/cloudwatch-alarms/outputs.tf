output "alarms" {
  description = "What each alarm carries, by name, known at plan: severity, category, plane, service, resource, topic (critical, warning, slo, infrastructure), and whether it tells anybody (told); what does not is a part of an alarm over it."
  value = {
    for name, alarm in local.every_alarm : name => {
      severity = alarm.severity
      category = alarm.category
      plane    = alarm.plane
      service  = alarm.service
      resource = alarm.resource
      topic    = local.topic_of[name]
      told     = local.told[name]
    }
  }

  precondition {
    condition     = length(local.problems) == 0
    error_message = join("\n", concat(["The alarms have ${length(local.problems)} problem(s):"], local.problems))
  }
}

output "resources" {
  description = "Whose each resource is, by its identifier in AWS: category, plane, service."
  value = {
    for identifier, same in { for resource in local.resources : resource.identifier => resource... } : identifier => {
      category = values(local.alarm_catalogue[same[0].section])[0].category
      plane    = same[0].plane
      service  = same[0].service
    }
  }
}

output "alarm_arns" {
  description = "ARN of each alarm, by name."
  value = merge([
    for alarms in [
      aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.burn_rate,
      aws_cloudwatch_composite_alarm.burning, aws_cloudwatch_composite_alarm.causes, aws_cloudwatch_composite_alarm.symptoms,
    ] : { for name, alarm in alarms : name => alarm.arn }
  ]...)
}
