output "topic_arns" {
  description = "ARN of each topic: critical, warning, slo, infrastructure. Given only when the topic's policy stands."
  value       = local.topic_arns
  depends_on  = [aws_sns_topic_policy.alerts]
}

output "topic_names" {
  description = "Name of each topic, brought ones included."
  value       = local.names_in_use
}

output "fallback_topic_arn" {
  description = "ARN of the topic that hears of faults of the alert path itself."
  value       = aws_sns_topic.fallback.arn
  depends_on  = [aws_sns_topic_policy.fallback]
}

output "key_arn" {
  description = "ARN of the key of topics and queues."
  value       = local.key_arn
}

output "email_subscriptions" {
  description = "Who is subscribed to what, \"<topic>/<address>\" => filter."
  value       = { for key, subscription in local.email_subscriptions : key => subscription.filter if var.email }

  precondition {
    condition     = !var.email || length(local.long_filters) == 0
    error_message = join("\n", concat(["The e-mail filters have ${length(local.long_filters)} problem(s):"], local.long_filters))
  }
}

output "addresses" {
  description = "The addresses that each alarm is mailed to."
  value       = local.addresses_of
}

output "alarm_arns" {
  description = "ARNs of the alarms that watch the topics, by name."
  value       = { for alarm in aws_cloudwatch_metric_alarm.lost_messages : alarm.alarm_name => alarm.arn }
}

output "required_statements" {
  description = "Policy statements, known at plan, that a brought key and brought topics need: kms as it is, topic with the topic's own ARN as Resource."
  value       = { kms = local.key_statements, topic = local.topic_statements }
}
