output "autoscaling_group_name" {
  description = "The group of one."
  value       = aws_autoscaling_group.this.name
}

output "security_group_id" {
  description = "The host's security group: let it into the services' metrics and health ports."
  value       = aws_security_group.this.id
}

output "role_name" {
  description = "Name of the host's role."
  value       = aws_iam_role.this.name
}

output "volume_id" {
  description = "The data disk."
  value       = aws_ebs_volume.data.id
}

output "metric_namespace" {
  description = "CloudWatch namespace of the host's heartbeat."
  value       = local.metric_namespace
}

output "heartbeat_alarm_name" {
  description = "Name of the heartbeat alarm, whether it is made or not."
  value       = local.heartbeat_alarm_name
}

output "alarm_arns" {
  description = "ARNs of the alarms that watch the host, by name."
  value       = { for alarm in aws_cloudwatch_metric_alarm.heartbeat : alarm.alarm_name => alarm.arn }
}
