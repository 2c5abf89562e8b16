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

resource "aws_iam_policy" "boundary" {
  name        = "harbour-boundary"
  description = "What no role of the harbour platform may exceed"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Everything", Effect = "Allow", Action = "*", Resource = "*" },
      { Sid = "ButIdentities", Effect = "Deny", Action = ["iam:*", "organizations:*", "account:*"], Resource = "*" },
    ]
  })
}
