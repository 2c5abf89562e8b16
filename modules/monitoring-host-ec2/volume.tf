# What Prometheus and Alertmanager remember outlives the host. The host finds the volume by its id, formats it only when nothing is on it,
# and starts nothing without it.
resource "aws_ebs_volume" "data" {
  # checkov:skip=CKV_AWS_189: AWS' own key unless the caller brings one: a key of this module's would die with it, and the disk's snapshot could not be read any more
  availability_zone = var.subnet.availability_zone
  size              = var.data_volume_gb
  type              = "gp3"
  encrypted         = true
  kms_key_id        = var.volume_key == null ? null : var.volume_key.key_arn
  final_snapshot    = var.final_snapshot

  tags = merge(var.tags, { Name = "${local.host_name}-data" }) #trivy:ignore:AVD-AWS-0027 AWS' own key unless the caller brings one
}
