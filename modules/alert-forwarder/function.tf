data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  function_name = "${var.name}-${var.function}"
  package       = "${path.module}/../../lambda_src/dist/${var.function}.zip"
}

# Before the function: Lambda would make one that never expires.
resource "aws_cloudwatch_log_group" "this" { #trivy:ignore:AVD-AWS-0017 under a key unless the caller brought one that does not admit logs; they hold no secret
  # checkov:skip=CKV_AWS_158: under a key unless the caller brought one that does not admit logs; they hold no secret
  # checkov:skip=CKV_AWS_338: how long is the caller's to say; the default of 90 days outlives an incident's review
  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key == null ? null : var.log_key.key_arn

  tags = var.tags
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116: it has an on-failure destination, which tells more than a dead-letter queue, and a redrive queue before it
  # checkov:skip=CKV_AWS_272: the package is committed and reproducible byte for byte; its hash is in the plan
  # checkov:skip=CKV_AWS_173: the environment holds names and addresses, no secret; a key would be one more thing that a page needs
  # checkov:skip=CKV_AWS_117: the destinations are on the internet; a VPC is the caller's choice
  # checkov:skip=CKV_AWS_115: reserving concurrency takes it from the account's other functions: the caller's choice
  # checkov:skip=CKV_AWS_50: tracing is the caller's choice
  function_name = local.function_name
  description   = var.description
  role          = aws_iam_role.this.arn

  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  handler          = "${replace(var.function, "-", "_")}.lambda_handler"
  runtime          = var.runtime
  timeout          = var.timeout_seconds
  memory_size      = 128
  layers           = var.secrets_extension == null ? [] : [var.secrets_extension.layer_arn]

  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = local.environment
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

  lifecycle {
    precondition {
      condition     = local.needed_size <= 4096
      error_message = "The environment of ${local.function_name} would be about ${local.needed_size} bytes, Lambda takes 4096: the routing table has ${length(var.destinations)} rows, shorten team names or merge teams."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

# A failed delivery is tried again, by default twice, a minute and two minutes later, until it is too old to be an alert (an hour). Then it
# lies in the queue.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = var.retries
  maximum_event_age_in_seconds = var.give_up_after_seconds

  destination_config {
    on_failure {
      destination = aws_sqs_queue.undelivered.arn
    }
  }
}
