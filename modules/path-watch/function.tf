data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  function_name = "${var.name}-path-watch"
  package       = "${path.module}/../../lambda_src/dist/path-watch.zip"
}

# Before the function: Lambda would make one that never expires. It is the function's memory, too: what it has told it reads here.
resource "aws_cloudwatch_log_group" "this" { #trivy:ignore:AVD-AWS-0017 under a key unless the caller brought one that does not admit logs; they hold no secret
  # checkov:skip=CKV_AWS_158: under a key unless the caller brought one that does not admit logs; they hold no secret
  # checkov:skip=CKV_AWS_338: how long is the caller's to say; the default of 90 days outlives an incident's review
  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key == null ? null : var.log_key.key_arn

  tags = var.tags

  lifecycle {
    precondition {
      condition     = var.remind_after_hours == null || var.log_retention_days == 0 || try(var.remind_after_hours < var.log_retention_days * 24, false)
      error_message = "remind_after_hours of path-watch is ${jsonencode(var.remind_after_hours)}, and its log is kept for ${var.log_retention_days} days (forwarders.log_retention_days): what was told is read there, keep it longer."
    }
  }
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116: what failed is done by the next round, minutes later, and its errors alarm
  # checkov:skip=CKV_AWS_272: the package is committed and reproducible byte for byte; its hash is in the plan
  # checkov:skip=CKV_AWS_173: the environment holds names and addresses, no secret; a key would be one more thing that a page needs
  # checkov:skip=CKV_AWS_117: it asks AWS alone; a VPC is the caller's choice
  # checkov:skip=CKV_AWS_115: reserving concurrency takes it from the account's other functions: the caller's choice
  # checkov:skip=CKV_AWS_50: tracing is the caller's choice
  function_name = local.function_name
  description   = "Watches the alert path: who does not listen, what is not filled, and a canary"
  role          = aws_iam_role.this.arn

  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  handler          = "path_watch.handler.lambda_handler"
  runtime          = var.runtime
  timeout          = 60
  memory_size      = 128

  environment {
    variables = merge({
      NAME                 = var.name
      TOPICS               = jsonencode(merge(var.topic_arns, { fallback = var.fallback_topic_arn }))
      FUNCTIONS            = jsonencode([for forwarder in var.forwarders : forwarder.function_arn])
      CANARY               = local.canary_arn
      REMIND_AFTER_SECONDS = var.remind_after_hours == null ? "" : tostring(var.remind_after_hours * 3600)
    }, var.environment)
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough" #trivy:ignore:AVD-AWS-0066 tracing is the caller's choice
  }

  tags = var.tags

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

# A round that failed is not tried again: the next one is as good, and two at a time would tell twice.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
