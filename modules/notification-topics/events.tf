# Events of AWS itself, each kind a switch. The forwarders know their severity (an open Health event, a failover and a grave finding page)
# and tell all others as warnings; e-mail filters read alarms, so events come to Slack and PagerDuty.
locals {
  event_patterns = {
    rds       = { source = ["aws.rds"], detail-type = ["RDS DB Instance Event", "RDS DB Cluster Event"] }
    health    = { source = ["aws.health"], detail-type = ["AWS Health Event"] }
    guardduty = { source = ["aws.guardduty"], detail-type = ["GuardDuty Finding"] }
    ecs = {
      source      = ["aws.ecs"]
      detail-type = ["ECS Task State Change"]
      # A task that a deployment or the scaling stops is no news.
      detail = { lastStatus = ["STOPPED"], stopCode = ["EssentialContainerExited", "TaskFailedToStart"] }
    }
  }
  event_rules = { for kind, pattern in local.event_patterns : kind => jsonencode(pattern) if var.events[kind] }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.event_rules

  name          = "${var.name}-${each.key}-events"
  description   = "${each.key} events to the alert forwarders"
  event_pattern = each.value

  tags = var.tags
}

# No role: the topic's policy and its key admit EventBridge.
resource "aws_cloudwatch_event_target" "this" {
  for_each = local.event_rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "alerts"
  arn       = local.topic_arns.infrastructure

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 20
  }
}
