variable "name" {
  description = "Prefix of the bucket's name, which also carries account and region."
  type        = string
  nullable    = false
}

variable "release" {
  description = "The release as JSON: its hash and its files. No secret is in it."
  type        = string
  nullable    = false
}

variable "force_destroy" {
  description = "true: destroy deletes the bucket with every version in it. For what is disposable."
  type        = bool
  nullable    = false
  default     = false
}

variable "kms" {
  description = "A key in place of S3's own; the host may use it by IAM."
  type        = object({ key_arn = string })
  default     = null
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
  nullable    = false
  default     = {}
}
