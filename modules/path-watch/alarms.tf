# Silence is the fault here: of the canary at each forwarder and from each topic, and of path-watch itself. CloudWatch looks back further
# than the periods that it counts: silence of three rounds rings when it has lasted for three to six.
locals {
  silent_minutes = "${3 * var.interval_minutes} to ${6 * var.interval_minutes} min"
  silences = merge(
    {
      for function, forwarder in var.forwarders : "${function}-canary-missing" => {
        namespace = local.namespace, metric = "Canary", dimensions = { Function = trimsuffix(function, "-forwarder") }, runbook = "alert-path-canary-missing"
        means     = "No canary has come through ${forwarder.function_name} for ${local.silent_minutes}: alarms of CloudWatch may not get through it either"
      }
    },
    {
      for key, name in var.topic_names : "${key}-topic-canary-missing" => {
        namespace = local.namespace, metric = "Canary", dimensions = { Topic = name }, runbook = "alert-path-canary-missing"
        means     = "No canary has come from the topic ${key} for ${local.silent_minutes}: alarms that tell it may be lost"
      }
    },
    {
      path-watch-silent = {
        namespace = "AWS/Lambda", metric = "Invocations", dimensions = { FunctionName = local.function_name }, runbook = "path-watch-silent"
        means     = "${local.function_name} has not run for ${local.silent_minutes}: nobody looks whether alerts get through"
      }
    },
  )
}

# The last to be made: CloudWatch takes the silence before the first canary for silence.
resource "aws_cloudwatch_metric_alarm" "silence" {
  for_each = local.silences

  alarm_name = "${var.alarm_prefix}${var.name}-${each.key}"
  alarm_description = join("\n", compact([
    "${each.value.means}. No data is the fault itself (breaching).",
    "Labels: severity=critical, category=monitoring",
    var.runbooks_url == "" ? "" : "Runbook: ${var.runbooks_url}/${each.value.runbook}",
  ]))

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = var.interval_minutes * 60
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "breaching"
  alarm_actions       = [var.fallback_topic_arn]
  ok_actions          = [var.fallback_topic_arn]

  tags = var.tags

  depends_on = [aws_cloudwatch_event_target.this, aws_lambda_permission.rule, aws_cloudwatch_log_metric_filter.canary, aws_cloudwatch_metric_alarm.canary]
}

# Two rounds long, so that a fault that lasts rings once and not with every round.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name = "${var.alarm_prefix}${local.function_name}-errors"
  alarm_description = join("\n", compact([
    "${local.function_name} could not look at everything, or not tell what it has found. No data is good: AWS reports nothing where nothing ran, and ${local.function_name}-silent says that.",
    "Labels: severity=critical, category=monitoring",
    var.runbooks_url == "" ? "" : "Runbook: ${var.runbooks_url}/path-watch-errors",
  ]))

  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = local.function_name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = var.interval_minutes * 60
  evaluation_periods  = 2
  datapoints_to_alarm = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.fallback_topic_arn]
  ok_actions          = [var.fallback_topic_arn]

  tags = var.tags
}
