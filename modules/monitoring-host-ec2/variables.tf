variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "alarm_prefix" {
  description = "Put before the heartbeat alarm's name."
  type        = string
  nullable    = false
  default     = ""
}

variable "catalogue" {
  description = "The catalogue: the ports of its targets are opened outwards."
  type        = any
  nullable    = false
}

variable "subnet" {
  description = "The one subnet that the host lives in: its disk is in one availability zone, so a second subnet would be of no use."
  type        = object({ id = string, availability_zone = string, vpc_id = string })
  nullable    = false
}

variable "release" {
  description = "Where the config release is."
  type        = object({ bucket = string, bucket_arn = string, key = string })
  nullable    = false
}

variable "secret_ids" {
  description = "Secrets that become files on the host: file name => name in Secrets Manager."
  type        = map(string)
  nullable    = false
}

variable "secret_arns" {
  description = "ARNs of these secrets."
  type        = map(string)
  nullable    = false
}

variable "kms" {
  description = "The key of release and secrets, if it is not AWS' own."
  type        = object({ key_arn = string })
  default     = null
}

variable "volume_key" {
  description = "A key for the data volume in place of AWS' own. Its policy lets the account use it by IAM, as a key's first policy does; the host's role gets what it needs."
  type        = object({ key_arn = string })
  default     = null
}

variable "ports" {
  description = "Ports of the programs on the host."
  type        = object({ prometheus = number, alertmanager = number, grafana = number, heartbeat = number })
  nullable    = false
}

variable "smtp_port" {
  description = "Port of the mail server; null: no mail from the host."
  type        = number
  default     = null
}

variable "instance_type" {
  description = "Size of the host; built on Nitro, so that a disk can be found by its id."
  type        = string
  nullable    = false
  default     = "t3.medium"
}

variable "architecture" {
  description = "x86_64 or arm64, as the instance type is."
  type        = string
  nullable    = false
  default     = "x86_64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "host.architecture is ${jsonencode(var.architecture)}: use x86_64 or arm64."
  }
}

variable "ami_id" {
  description = "Pins the image; it must be Amazon Linux 2023, or bring Docker, the AWS CLI and Python with PyYAML. null: the newest Amazon Linux 2023 at each apply."
  type        = string
  default     = null
}

variable "root_volume_gb" {
  description = "Root disk, GB: the system and four images."
  type        = number
  nullable    = false
  default     = 20
}

variable "data_volume_gb" {
  description = "Data disk, GB: about 1 GB a day of Prometheus."
  type        = number
  nullable    = false
  default     = 50
}

variable "final_snapshot" {
  description = "Keep a snapshot of the data disk when it is destroyed."
  type        = bool
  nullable    = false
  default     = true
}

variable "public_ip" {
  description = "Give the host a public address, where its subnet has no NAT. Nothing is let in by it."
  type        = bool
  nullable    = false
  default     = false
}

variable "session_manager" {
  description = "Let Session Manager open a shell on the host."
  type        = bool
  nullable    = false
  default     = false
}

variable "ui_clients" {
  description = "Whose security groups may reach Prometheus, Alertmanager and Grafana, by a name of your choice."
  type        = map(object({ security_group_id = string }))
  nullable    = false
  default     = {}
}

variable "target_networks" {
  description = "Networks in which the catalogue's targets live, by a name of your choice; the host may reach their ports there."
  type        = map(object({ cidr_ipv4 = string }))
  nullable    = false
  default     = {}
}

variable "heartbeat_alarm" {
  description = "Alarm on the silence of the Prometheus path: minutes of silence, and the topics to tell, by a name of your choice. null: none."
  type        = object({ missing_minutes = number, topic_arns = map(string) })
  default     = null
}

variable "runbooks_url" {
  description = "Base URL of the runbooks; empty leaves the link out."
  type        = string
  nullable    = false
  default     = ""
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the host's role."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
