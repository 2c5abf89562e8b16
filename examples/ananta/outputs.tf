output "alerting" {
  description = "Everything that the module says of itself; `terraform output -json alerting`."
  value       = module.alerting
}

output "secrets_to_fill" {
  description = "What is to be filled once, out of band."
  value       = module.alerting.secrets_to_fill
}
