data "aws_iam_policy_document" "assume" {
  statement {
    sid     = "LambdaRunsIt"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# IAM is global: the name carries the region, so that two regions of one account do not meet.
resource "aws_iam_role" "this" {
  name                 = "${local.function_name}-${data.aws_region.current.id}"
  description          = "What ${local.function_name} may do"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary_arn

  tags = var.tags
}

data "aws_iam_policy_document" "this" {
  # checkov:skip=CKV_AWS_356: only for actions that know no narrower resource, each said at its statement
  statement {
    sid       = "WriteAndReadItsOwnLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:FilterLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid       = "SeeWhoListens"
    actions   = ["sns:ListSubscriptionsByTopic"]
    resources = concat(values(var.topic_arns), [var.fallback_topic_arn])
  }

  dynamic "statement" {
    for_each = length(var.secret_arns) > 0 ? [1] : []
    content {
      sid       = "SeeWhetherSecretsAreFilledNotWithWhat"
      actions   = ["secretsmanager:DescribeSecret"]
      resources = values(var.secret_arns)
    }
  }

  statement {
    sid       = "LetTheCanaryRing"
    actions   = ["cloudwatch:SetAlarmState"]
    resources = [local.canary_arn]
  }

  statement {
    # The warning topic where nobody listens to the fallback one; all of them for reminders.
    sid       = "TellWhatItHasFound"
    actions   = ["sns:Publish"]
    resources = concat([var.fallback_topic_arn], var.remind_after_hours == null ? [var.topic_arns.warning] : values(var.topic_arns))
  }

  statement {
    sid       = "UseTheKeyOfTheTopics"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.key.key_arn]
  }

  dynamic "statement" {
    for_each = var.remind_after_hours == null ? [] : [1]
    content {
      # DescribeAlarms knows no narrower resource where composite alarms are asked for.
      sid       = "SeeWhichAlarmsRing"
      actions   = ["cloudwatch:DescribeAlarms"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = var.vpc == null ? [] : [1]
    content {
      # Lambda's network interfaces have no ARN before they are made; this is the list of AWSLambdaVPCAccessExecutionRole.
      sid       = "LiveInTheVpc"
      actions   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = var.tracing ? [1] : []
    content {
      # X-Ray has no resources.
      sid       = "SendTraces"
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "watch-the-alert-path"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
