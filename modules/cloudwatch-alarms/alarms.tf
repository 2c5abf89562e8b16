resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = each.key
  alarm_description = local.descriptions[each.key]

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = each.value.comparison == "above" ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold * each.value.scale
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  treat_missing_data  = each.value.missing

  # The end is told as the beginning is. No data is told only where it was asked for: it is neither.
  alarm_actions             = [var.topic_arns[local.topic_of[each.key]]]
  ok_actions                = [var.topic_arns[local.topic_of[each.key]]]
  insufficient_data_actions = contains(var.settings.insufficient_data_alarms, each.key) ? [var.topic_arns[local.topic_of[each.key]]] : []

  tags = var.tags
}
