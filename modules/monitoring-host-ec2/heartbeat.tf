# The other path watches this one: Prometheus' Watchdog goes through Alertmanager to heartbeat.py and becomes this metric. Silence anywhere
# on the way rings here. Here, and only here, no data is the fault itself.
resource "aws_cloudwatch_metric_alarm" "heartbeat" {
  count = var.heartbeat_alarm == null ? 0 : 1

  alarm_name = local.heartbeat_alarm_name
  alarm_description = join("\n", compact([
    "No heartbeat of the Prometheus path for ${var.heartbeat_alarm.missing_minutes} minutes: Prometheus, Alertmanager, the host or its way to AWS is down, and its alerts reach nobody. No data is the fault itself (breaching).",
    "Labels: severity=critical, category=monitoring",
    var.runbooks_url == "" ? "" : "Runbook: ${var.runbooks_url}/heartbeat-missing",
  ]))

  namespace           = local.metric_namespace
  metric_name         = "Heartbeat"
  statistic           = "SampleCount"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = var.heartbeat_alarm.missing_minutes
  datapoints_to_alarm = var.heartbeat_alarm.missing_minutes
  treat_missing_data  = "breaching"
  alarm_actions       = values(var.heartbeat_alarm.topic_arns)
  ok_actions          = values(var.heartbeat_alarm.topic_arns)

  tags = var.tags
}

locals {
  heartbeat_alarm_name = "${var.alarm_prefix}${var.name}-heartbeat-missing"
}
