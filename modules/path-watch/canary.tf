# An alarm without data: path-watch lets it ring, and CloudWatch itself sends the canary to every topic, by its own right to topics and key.
# The forwarders know it by its ARN and tell nobody; should one ever tell it, its severity wakes nobody.
resource "aws_cloudwatch_metric_alarm" "canary" {
  alarm_name = var.canary_name
  alarm_description = join("\n", [
    "The canary of the alert path: ${local.function_name} lets it ring every ${var.interval_minutes} min, to see whether alarms still get through. It is no alert. No data is good: it never has any.",
    "Labels: severity=info, category=monitoring",
  ])

  namespace           = local.namespace
  metric_name         = "Never"
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = values(var.topic_arns)

  tags = var.tags
}

locals {
  # Spelt out, so that alarm and function are made side by side.
  canary_arn = "arn:${data.aws_partition.current.partition}:cloudwatch:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:alarm:${var.canary_name}"
  namespace  = "Alerting/${var.name}"

  # The line that a forwarder writes for a canary, counted once for the forwarder and once for the topic.
  counted = merge([
    for function, forwarder in var.forwarders : {
      "${function}/function" = { log_group = forwarder.log_group_name, by = "Function", field = "$.service" }
      "${function}/topic"    = { log_group = forwarder.log_group_name, by = "Topic", field = "$.topic" }
    }
  ]...)
}

resource "aws_cloudwatch_log_metric_filter" "canary" {
  for_each = local.counted

  name           = "canary-by-${lower(each.value.by)}"
  log_group_name = each.value.log_group
  pattern        = "{ $.outcome = \"canary\" }"

  metric_transformation {
    name       = "Canary"
    namespace  = local.namespace
    value      = "1"
    unit       = "Count"
    dimensions = { (each.value.by) = each.value.field }
  }
}
