data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # Bucket names are the world's: account and region keep two deployments apart.
  bucket = "${var.name}-alerting-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
}

resource "aws_s3_bucket" "this" { #trivy:ignore:AVD-AWS-0089 one object, read by the host alone; who reads it is in CloudTrail
  # checkov:skip=CKV_AWS_18: one object, read by the host alone; who reads it is in CloudTrail
  # checkov:skip=CKV_AWS_144: every apply writes it anew: another region has nothing to add
  # checkov:skip=CKV2_AWS_62: the host asks for new versions by itself
  # checkov:skip=CKV2_AWS_61: each version is a few hundred kilobytes, and every one of them is a way back
  # checkov:skip=CKV_AWS_145: no secret in it; S3's own key unless the caller brings one
  bucket        = local.bucket
  force_destroy = var.force_destroy

  tags = var.tags
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" { #trivy:ignore:AVD-AWS-0132 no secret in it; S3's own key unless the caller brings one
  bucket = aws_s3_bucket.this.id
  rule {
    bucket_key_enabled = var.kms != null
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms == null ? null : var.kms.key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "NobodyWithoutTLS"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.bucket.json

  depends_on = [aws_s3_bucket_public_access_block.this]
}
