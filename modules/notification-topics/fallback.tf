# The way out when the alert path itself is broken: no forwarder, no key, no filter between CloudWatch and its subscribers.
resource "aws_sns_topic" "fallback" { #trivy:ignore:AVD-AWS-0095 a key that is disabled or denied would silence the one topic that tells of it; it carries names of alarms only
  # checkov:skip=CKV_AWS_26: a key that is disabled or denied would silence the one topic that tells of it; it carries names of alarms only
  name = "${var.name}-fallback-topic"

  tags = var.tags
}

resource "aws_sns_topic_policy" "fallback" {
  arn = aws_sns_topic.fallback.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.topic_statements : merge(statement, { Resource = aws_sns_topic.fallback.arn })]
  })
}

locals {
  fallback_subscriptions = merge(
    { for address in var.fallback.emails : address => "email" },
    { for url in var.fallback.https_urls : url => "https" },
    { for number in var.fallback.sms_numbers : number => "sms" },
  )
}

resource "aws_sns_topic_subscription" "fallback" {
  for_each = local.fallback_subscriptions

  topic_arn = aws_sns_topic.fallback.arn
  protocol  = each.value
  endpoint  = each.key
}
