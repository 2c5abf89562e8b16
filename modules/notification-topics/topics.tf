data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.id

  topic_names = {
    critical       = "${var.name}-critical-alerts-topic"
    warning        = "${var.name}-warning-alerts-topic"
    slo            = "${var.name}-slo-violations-topic"
    infrastructure = "${var.name}-infrastructure-alerts-topic"
  }
  brought_topics = { for key, topic in var.topics : key => topic if topic != null }
  made_topics    = { for key, name in local.topic_names : key => name if !contains(keys(local.brought_topics), key) }

  # What each is called, known at plan unless it is brought in the same apply.
  names_in_use = { for key, name in local.topic_names : key => contains(keys(local.brought_topics), key) ? element(split(":", local.brought_topics[key].arn), 5) : name }
  topic_arns = merge(
    { for key, topic in aws_sns_topic.alerts : key => topic.arn },
    { for key, topic in local.brought_topics : key => topic.arn },
  )
}

resource "aws_sns_topic" "alerts" {
  for_each = local.made_topics

  name              = each.value
  kms_master_key_id = local.key_arn

  tags = var.tags
}

# What a topic must allow, its own ARN apart. A brought topic is never changed: its owner puts these into its policy.
locals {
  publisher_account_ids = concat([local.account_id], var.publisher_account_ids)
  topic_statements = [
    {
      Sid       = "AlarmsOfTheseAccountsMayPublish"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Condition = { StringEquals = { "aws:SourceAccount" = local.publisher_account_ids } }
    },
    {
      # EventBridge sends no source account or ARN to an encrypted topic: with such a condition every event is lost.
      Sid       = "EventRulesMayPublish"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
    },
    {
      Sid       = "NobodyPublishesWithoutTLS"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sns:Publish"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    },
  ]
}

resource "aws_sns_topic_policy" "alerts" {
  for_each = local.made_topics # not the topics themselves: their keys are unknown to an import

  arn = aws_sns_topic.alerts[each.key].arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.topic_statements : merge(statement, { Resource = aws_sns_topic.alerts[each.key].arn })]
  })
}
