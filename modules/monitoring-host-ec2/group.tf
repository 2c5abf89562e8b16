# A group of one: what dies is replaced, and finds its disk, its release and its secrets again.
resource "aws_launch_template" "this" {
  name        = local.host_name
  description = "The monitoring host of ${var.name}"

  image_id      = local.image_id
  instance_type = var.instance_type
  user_data     = base64encode(local.user_data)

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  network_interfaces {
    associate_public_ip_address = var.public_ip
    security_groups             = [aws_security_group.this.id]
    delete_on_termination       = true
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = var.root_volume_gb
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]
    content {
      resource_type = tag_specifications.value
      tags          = local.instance_tags
    }
  }

  update_default_version = true
  tags                   = var.tags

  lifecycle {
    precondition {
      condition     = length(local.user_data) <= 16384
      error_message = "The user data of the monitoring host would be ${length(local.user_data)} bytes, EC2 takes 16384: use a shorter name or fewer secrets."
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                = local.host_name
  min_size            = 1
  max_size            = 1
  desired_capacity    = 1
  vpc_zone_identifier = [var.subnet.id]
  health_check_type   = "EC2"
  # The host installs Docker and pulls four images before it is of use.
  health_check_grace_period = 600

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # The disk is at one host at a time: the old one goes before the new one comes.
  instance_refresh {
    strategy = "Rolling"
    preferences {
      min_healthy_percentage = 0
    }
  }

  dynamic "tag" {
    for_each = local.instance_tags
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  depends_on = [aws_iam_role_policy.this]
}
