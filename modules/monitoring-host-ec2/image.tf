data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

# Amazon Linux 2023, the newest at each apply unless the caller pins one.
data "aws_ssm_parameter" "image" {
  count = var.ami_id == null ? 1 : 0

  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture}"
}

locals {
  image_id      = var.ami_id == null ? nonsensitive(data.aws_ssm_parameter.image[0].value) : var.ami_id
  host_name     = "${var.name}-monitoring-host"
  instance_tags = merge(var.tags, { Name = local.host_name })
}
