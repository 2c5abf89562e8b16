# One key for the topics, their queues and the forwarders' logs, unless the caller brings one.
locals {
  key_arn  = var.kms == null ? aws_kms_key.this[0].arn : var.kms.key_arn
  logs_arn = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/lambda/${var.name}-*"

  # What a key must allow, known at plan: a brought key is never changed, its owner adds these. No role stands here as a principal: a
  # key policy keeps the id of a role, and a role made anew under its old name would find itself locked out.
  key_use = ["kms:Decrypt", "kms:GenerateDataKey*"]
  key_statements = [
    {
      # alias/aws/sns cannot say this, and drops every alarm without a word.
      Sid       = "AlarmsOfTheseAccountsMayReachTheTopics"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = local.key_use
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.publisher_account_ids } }
    },
    {
      # EventBridge sends no source here; the topic's policy and this key's account are the fence.
      Sid       = "EventRulesMayReachTheTopics"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = local.key_use
      Resource  = "*"
    },
    {
      # What SNS could not deliver goes to a queue under this key; the queue's policy names the topics.
      Sid       = "TopicsMayFillTheirQueues"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = local.key_use
      Resource  = "*"
    },
    {
      Sid       = "ForwardersLogsMayBeWritten"
      Effect    = "Allow"
      Principal = { Service = "logs.${local.region}.${data.aws_partition.current.dns_suffix}" }
      Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
      Resource  = "*"
      Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = local.logs_arn } }
    },
  ]
}

resource "aws_kms_key" "this" {
  count = var.kms == null ? 1 : 0

  description             = "${var.name}: alert topics, their queues and the forwarders' logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "TheAccountRulesItByIAM"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }], local.key_statements)
  })

  tags = var.tags
}

resource "aws_kms_alias" "this" {
  count = var.kms == null ? 1 : 0

  name          = "alias/${var.name}-alerting"
  target_key_id = aws_kms_key.this[0].key_id
}
