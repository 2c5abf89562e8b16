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

  alarm_actions             = local.actions[each.key]
  ok_actions                = local.actions[each.key]
  insufficient_data_actions = local.no_data_actions[each.key]

  tags = var.tags
}
