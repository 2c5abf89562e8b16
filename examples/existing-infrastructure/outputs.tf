output "alerting" {
  description = "Everything that the module says of itself."
  value       = module.alerting
}
