output "function_arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
  depends_on  = [aws_sns_topic_subscription.topic, aws_lambda_function_event_invoke_config.this]
}

output "function_name" {
  description = "Name of the function."
  value       = local.function_name
}

output "queue_url" {
  description = "Queue of what could not be delivered."
  value       = aws_sqs_queue.undelivered.url
}

output "role_name" {
  description = "Name of its role."
  value       = aws_iam_role.this.name
}

output "log_group_name" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.this.name
}

output "alarm_arns" {
  description = "ARNs of the alarms that watch it, by name."
  value       = { for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name => alarm.arn }
}
