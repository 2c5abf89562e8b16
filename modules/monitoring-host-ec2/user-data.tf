# The host's whole instruction: where its release, its secrets and its disk are. Everything else is in the release.
locals {
  metric_namespace = "Alerting/${var.name}"

  settings = {
    region    = data.aws_region.current.id
    bucket    = var.release.bucket
    key       = var.release.key
    secrets   = var.secret_ids
    volume    = aws_ebs_volume.data.id
    namespace = local.metric_namespace
    heartbeat = var.ports.heartbeat
  }
  user_data = templatefile("${path.module}/user-data.sh", { settings = jsonencode(local.settings) })
}
