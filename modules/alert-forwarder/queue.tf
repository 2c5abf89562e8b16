# What neither SNS nor Lambda could hand over lies here for two weeks, for the redrive command.
locals {
  queue_name = "${local.function_name}-undelivered"
  # Spelt out, so that queue and function are made side by side.
  queue_arn = "arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:${local.queue_name}"
}

resource "aws_sqs_queue" "undelivered" {
  name                      = local.queue_name
  message_retention_seconds = 1209600
  kms_master_key_id         = var.key.key_arn
  policy                    = data.aws_iam_policy_document.queue.json

  tags = var.tags
}

data "aws_iam_policy_document" "queue" {
  statement {
    sid       = "OwnTopicsMayPutAside"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]
    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = values(var.topic_arns)
    }
  }

  statement {
    sid       = "NobodyWithoutTLS"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.queue_arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
