variable "platform" {
  description = "The catalogue, as platform.schema.json beside this file describes it: an object of HCL, or yamldecode(file(\"platform.yaml\")). A key that the schema does not know is an error."
  type        = any
  nullable    = false
}
