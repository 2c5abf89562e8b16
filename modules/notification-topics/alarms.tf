# A message that a topic could not hand over, or that the e-mail filters could not read, is told by the fallback topic.
locals {
  lost_messages = {
    undelivered = {
      metric = "NumberOfNotificationsFailed"
      means  = "did not reach a subscriber (e-mail, a forwarder or its queue) after every retry"
    }
    unreadable = {
      metric = "NumberOfNotificationsFilteredOut-InvalidMessageBody"
      means  = "reached no mailbox: its body is no JSON, so that no e-mail filter could read it. The forwarders tell it as text"
    }
  }
  lost_message_alarms = merge([
    for key, name in local.topic_names : { for suffix, lost in local.lost_messages : "${key}/${suffix}" => merge(lost, { topic = key, suffix = suffix }) }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "lost_messages" {
  for_each = local.lost_message_alarms

  alarm_name = "${var.alarm_prefix}${local.topic_names[each.value.topic]}-${each.value.suffix}"
  alarm_description = join("\n", compact([
    "A message of the topic ${each.value.topic} ${each.value.means}. SNS reports nothing where nothing was lost, so no data is good.",
    "Labels: severity=critical, category=monitoring",
    var.runbooks_url == "" ? "" : "Runbook: ${var.runbooks_url}/alert-path-${each.value.suffix}",
  ]))

  namespace           = "AWS/SNS"
  metric_name         = each.value.metric
  dimensions          = { TopicName = local.names_in_use[each.value.topic] }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.fallback.arn]
  ok_actions          = [aws_sns_topic.fallback.arn]

  tags = var.tags
}
