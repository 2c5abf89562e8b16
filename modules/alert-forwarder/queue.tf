# What neither SNS nor Lambda could hand over lies here for two weeks, for the redrive command.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${local.function_name}-undelivered"
  message_retention_seconds = 1209600
  kms_master_key_id         = var.key.key_arn

  tags = var.tags
}

data "aws_iam_policy_document" "queue" {
  statement {
    sid       = "OwnTopicsMayPutAside"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.undelivered.arn]
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
    resources = [aws_sqs_queue.undelivered.arn]
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

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id
  policy    = data.aws_iam_policy_document.queue.json
}
