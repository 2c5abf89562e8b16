variable "region" {
  description = "Where to apply."
  type        = string
  default     = "eu-central-1"
}

variable "disposable" {
  description = "true: destroy keeps nothing, for tries and tests."
  type        = bool
  default     = false
}
