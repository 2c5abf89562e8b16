output "ids" {
  description = "Name in Secrets Manager of each secret file, known at plan."
  value       = { for file, secret in local.secrets : file => secret.id }
}

output "arns" {
  description = "ARN of each secret file."
  value       = { for file, secret in aws_secretsmanager_secret.this : file => secret.arn }
}

output "secrets_to_fill" {
  description = "What the operator fills: file => name in Secrets Manager and what it holds."
  value       = local.secrets
  depends_on  = [aws_secretsmanager_secret.this]
}
