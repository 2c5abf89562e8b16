resource "aws_cloudwatch_event_rule" "this" {
  name                = local.function_name
  description         = "Rounds of ${local.function_name}"
  schedule_expression = var.interval_minutes == 1 ? "rate(1 minute)" : "rate(${var.interval_minutes} minutes)"

  tags = var.tags
}

locals {
  # What must be there; known at plan. A rule's input has twice the room of a function's environment.
  wanted = jsonencode({ mail = var.mail, secrets = var.secret_ids })
}

resource "aws_cloudwatch_event_target" "this" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "path-watch"
  arn       = aws_lambda_function.this.arn
  input     = local.wanted

  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }

  lifecycle {
    precondition {
      condition     = length(local.wanted) <= 8192
      error_message = "What ${local.function_name} must look for is ${length(local.wanted)} characters long, EventBridge takes 8192: ${length(var.secret_ids)} secrets and ${sum(concat([0], [for addresses in values(var.mail) : length(addresses)]))} subscriptions; merge teams, or let them share an address."
    }
  }
}

resource "aws_lambda_permission" "rule" {
  statement_id  = "Rule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this.arn
}
