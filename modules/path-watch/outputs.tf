output "function_arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
  depends_on  = [aws_cloudwatch_event_target.this, aws_lambda_permission.rule]
}

output "function_name" {
  description = "Name of the function."
  value       = local.function_name
}

output "rule_name" {
  description = "Name of the rule that runs it."
  value       = aws_cloudwatch_event_rule.this.name
}

output "metric_namespace" {
  description = "Where canaries are counted: the metric Canary, by Function and by Topic."
  value       = local.namespace
}

output "alarm_arns" {
  description = "ARNs of its alarms, the canary included, by name."
  value = {
    for alarm in concat(values(aws_cloudwatch_metric_alarm.silence), [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.canary]) :
    alarm.alarm_name => alarm.arn
  }
}
