# One object, so that a release is whole or not there; its key stays, or the versions of the old key would go with it.
resource "aws_s3_object" "release" {
  bucket       = aws_s3_bucket.this.id
  key          = "config-release.json"
  content      = var.release
  content_type = "application/json"

  # S3 takes ten tags on an object where everything else takes fifty: the bucket carries them, the provider's default ones too.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  depends_on = [
    aws_s3_bucket_versioning.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_policy.this,
  ]
}
