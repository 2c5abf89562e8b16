# The module changes nothing that it did not make: it says which statements these policies need, known at plan, and their owner adds them.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  administration = {
    Sid       = "TheAccountRulesItByIAM"
    Effect    = "Allow"
    Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }
}

# The policy stands in the key itself, so that it is there before anything asks for the key: the log groups do at once.
resource "aws_kms_key" "platform" {
  description             = "Key of the harbour platform"
  enable_key_rotation     = true
  deletion_window_in_days = 7

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.administration], module.alerting.required_statements.kms)
  })
}

resource "aws_sns_topic" "brought" {
  for_each = { critical = "harbour-pages", warning = "harbour-notices" }

  name              = each.value
  kms_master_key_id = aws_kms_key.platform.arn
}

resource "aws_sns_topic_policy" "brought" {
  for_each = aws_sns_topic.brought

  arn = each.value.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in module.alerting.required_statements.topic : merge(statement, { Resource = each.value.arn })]
  })
}

# It grants nothing by itself: a role may do what both its own policy and this one allow.
resource "aws_iam_policy" "boundary" {
  # checkov:skip=CKV_AWS_355: alarms over alarms are seen by DescribeAlarms on every resource alone
  name        = "harbour-boundary"
  description = "What no role of the harbour platform may exceed"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ServicesOfThisAccount"
        Effect   = "Allow"
        Action   = ["cloudwatch:*", "ec2:*", "kms:*", "lambda:*", "logs:*", "secretsmanager:*", "sns:*", "sqs:*"]
        Resource = "arn:${data.aws_partition.current.partition}:*:*:${data.aws_caller_identity.current.account_id}:*"
      },
      {
        Sid      = "BucketsOfThePlatform"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "arn:${data.aws_partition.current.partition}:s3:::harbour-*/*"
      },
      {
        Sid    = "ActionsWithoutAResource"
        Effect = "Allow"
        Action = [
          "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricData", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
          "ec2:DescribeVolumes", "secretsmanager:BatchGetSecretValue", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
        ]
        Resource = "*"
      },
    ]
  })
}
