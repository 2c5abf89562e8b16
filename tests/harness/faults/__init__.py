"""The CloudWatch path with hands that break each part of it, and the table of what becomes of an alarm then."""
