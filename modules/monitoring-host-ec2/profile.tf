data "aws_iam_policy_document" "assume" {
  statement {
    sid     = "InstancesCarryIt"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.${data.aws_partition.current.dns_suffix}"]
    }
  }
}

# IAM is global: the name carries the region, so that two regions of one account do not meet.
resource "aws_iam_role" "this" {
  name                 = "${local.host_name}-${data.aws_region.current.id}"
  description          = "What the monitoring host of ${var.name} may do"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.permissions_boundary_arn

  tags = var.tags
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "FetchItsRelease"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.release.bucket_arn}/${var.release.key}"]
  }

  dynamic "statement" {
    for_each = length(var.secret_arns) > 0 ? [1] : []
    content {
      sid       = "ReadItsSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = values(var.secret_arns)
    }
  }

  # All of them in one call; what it returns is held by ReadItsSecrets, and AWS knows no resource for the call itself.
  statement {
    sid       = "AskForSeveralAtOnce"
    actions   = ["secretsmanager:BatchGetSecretValue"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.kms == null ? [] : [var.kms]
    content {
      sid       = "UseTheKeyOfReleaseAndSecrets"
      actions   = ["kms:Decrypt"]
      resources = [statement.value.key_arn]
    }
  }

  statement {
    # PutMetricData knows no resource; the namespace is its fence.
    sid       = "SayThatItIsAlive"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [local.metric_namespace]
    }
  }

  statement {
    sid       = "TakeItsOwnDisk"
    actions   = ["ec2:AttachVolume"]
    resources = [aws_ebs_volume.data.arn]
  }

  statement {
    sid       = "TakeTheDiskToItselfOnly"
    actions   = ["ec2:AttachVolume"]
    resources = ["arn:${data.aws_partition.current.partition}:ec2:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:instance/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Name"
      values   = [local.host_name]
    }
  }

  # A disk under a key of the caller's: the volume is no part of the group, so the host's own role takes it, and no service role that an
  # account may not have yet stands in the key's policy. EC2 uses the key by a grant of its own.
  dynamic "statement" {
    for_each = var.volume_key == null ? [] : [var.volume_key]
    content {
      sid       = "LetEC2UseTheDisksKey"
      actions   = ["kms:CreateGrant"]
      resources = [statement.value.key_arn]
      condition {
        test     = "Bool"
        variable = "kms:GrantIsForAWSResource"
        values   = ["true"]
      }
    }
  }
  dynamic "statement" {
    for_each = var.volume_key == null ? [] : [var.volume_key]
    content {
      sid       = "UseTheDisksKeyThroughEC2"
      actions   = ["kms:Decrypt", "kms:DescribeKey"]
      resources = [statement.value.key_arn]
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["ec2.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }

  statement {
    # DescribeVolumes knows no resource.
    sid       = "SeeWhereItsDiskIs"
    actions   = ["ec2:DescribeVolumes"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "monitoring-host"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

# A shell on the host without an open port, if it is wanted.
resource "aws_iam_role_policy_attachment" "session_manager" {
  count = var.session_manager ? 1 : 0

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "this" {
  name = "${local.host_name}-${data.aws_region.current.id}"
  role = aws_iam_role.this.name

  tags = var.tags
}
