resource "aws_lambda_permission" "topic" {
  for_each = var.topic_arns

  statement_id  = "Topic-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = each.value
}

# It hears every topic: severity and team are read from the message, not from the topic.
resource "aws_sns_topic_subscription" "topic" {
  for_each = var.topic_arns

  topic_arn = each.value
  protocol  = "lambda"
  endpoint  = aws_lambda_function.this.arn
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.undelivered.arn
  })

  depends_on = [aws_lambda_permission.topic]
}
