# The forwarder's own faults go by the fallback topic, which needs no forwarder.
locals {
  watched = {
    errors = {
      namespace  = "AWS/Lambda", metric = "Errors", statistic = "Sum", dimensions = { FunctionName = local.function_name }
      means      = "The function ${local.function_name} failed to deliver an alert (it is tried twice more, then put aside in ${local.queue_name})"
      no_data_is = "AWS reports nothing where nothing ran"
    }
    throttles = {
      namespace  = "AWS/Lambda", metric = "Throttles", statistic = "Sum", dimensions = { FunctionName = local.function_name }
      means      = "The function ${local.function_name} was not started: the account's or its own concurrency is used up. Lambda tries for an hour, then puts the alert aside"
      no_data_is = "AWS reports nothing where nothing ran"
    }
    undelivered = {
      namespace  = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", dimensions = { QueueName = local.queue_name }
      means      = "Alerts that ${local.function_name} could not deliver lie in ${local.queue_name}: mend the cause, then replay them with `alertctl redrive`"
      no_data_is = "a queue that was not used for hours reports nothing"
    }
    lost = {
      namespace  = "AWS/Lambda", metric = "DestinationDeliveryFailures", statistic = "Sum", dimensions = { FunctionName = local.function_name }
      means      = "An alert that ${local.function_name} could not deliver could not be put aside in ${local.queue_name} either: it is lost, its text is in no place but the function's log"
      no_data_is = "AWS reports nothing where nothing was to be put aside"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.watched

  alarm_name = "${var.alarm_prefix}${local.function_name}-${each.key}"
  alarm_description = join("\n", compact([
    "${each.value.means}. No data is good: ${each.value.no_data_is}.",
    "Labels: severity=critical, category=monitoring",
    var.external_urls.runbooks == "" ? "" : "Runbook: ${var.external_urls.runbooks}/alert-forwarder-${each.key}",
  ]))

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.fallback_topic_arn]
  ok_actions          = [var.fallback_topic_arn]

  tags = var.tags
}
