output "bucket" {
  description = "Bucket of the release."
  value       = aws_s3_bucket.this.id
}

output "bucket_arn" {
  description = "Its ARN."
  value       = aws_s3_bucket.this.arn
}

output "key" {
  description = "Key of the release."
  value       = aws_s3_object.release.key
}

output "version_id" {
  description = "Version of this apply."
  value       = aws_s3_object.release.version_id
}
