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
    sid       = "WriteItsOwnLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = length(local.secret_files) > 0 ? [1] : []
    content {
      sid       = "ReadItsOwnSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [for file in local.secret_files : var.secret_arns[file]]
    }
  }

  statement {
    sid       = "PutAsideWhatCouldNotBeDelivered"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]
  }

  statement {
    sid       = "UseTheKeysOfQueueAndSecrets"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = distinct(concat([var.key.key_arn], [for key in [var.secret_key] : key.key_arn if key != null]))
  }

  statement {
    # DescribeAlarms knows no narrower resource where composite alarms are asked for.
    sid       = "AskWhetherALateAlarmStillHolds"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"]
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
  name   = "forward-alerts"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
