variable "name" {
  description = "First part of every secret's name: <name>/<file in kebab-case>."
  type        = string
  nullable    = false
}

variable "files" {
  description = "The secrets: file name => what it holds."
  type        = map(string)
  nullable    = false
}

variable "recovery_window_days" {
  description = "Days in which a deleted secret can be restored, and in which its name stays taken: 7 to 30, or 0 where the data is disposable."
  type        = number
  nullable    = false
  default     = 30
}

variable "kms" {
  description = "A key in place of AWS' own; whoever reads the secrets may use it by IAM."
  type        = object({ key_arn = string })
  default     = null
}

variable "tags" {
  description = "Tags of every secret."
  type        = map(string)
  nullable    = false
  default     = {}
}
