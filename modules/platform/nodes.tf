# The catalogue unfolded: every value with its path and the part of the schema that it must follow. HCL has no recursion, so a level
# each; the schema is no deeper than six.
locals {
  schema = jsondecode(file("${path.module}/platform.schema.json"))

  level_0 = [{ path = "", value = var.platform, schema = local.schema }]
  level_1 = flatten([for n in local.level_0 : [
    for key, value in n.value : { path = tostring(key), value = value, schema = try(n.schema.properties[key], n.schema.additionalProperties) }
  ] if can(keys(n.value))])
  level_2 = flatten([for n in local.level_1 : try([
    for key, value in n.value : {
      path   = can(n.schema.items) ? "${n.path}[${key}]" : "${n.path}.${key}", value = value
      schema = try(n.schema.items, n.schema.properties[key], n.schema.additionalProperties)
    }
  ], [])])
  level_3 = flatten([for n in local.level_2 : try([
    for key, value in n.value : {
      path   = can(n.schema.items) ? "${n.path}[${key}]" : "${n.path}.${key}", value = value
      schema = try(n.schema.items, n.schema.properties[key], n.schema.additionalProperties)
    }
  ], [])])
  level_4 = flatten([for n in local.level_3 : try([
    for key, value in n.value : {
      path   = can(n.schema.items) ? "${n.path}[${key}]" : "${n.path}.${key}", value = value
      schema = try(n.schema.items, n.schema.properties[key], n.schema.additionalProperties)
    }
  ], [])])
  level_5 = flatten([for n in local.level_4 : try([
    for key, value in n.value : {
      path   = can(n.schema.items) ? "${n.path}[${key}]" : "${n.path}.${key}", value = value
      schema = try(n.schema.items, n.schema.properties[key], n.schema.additionalProperties)
    }
  ], [])])
  level_6 = flatten([for n in local.level_5 : try([
    for key, value in n.value : {
      path   = can(n.schema.items) ? "${n.path}[${key}]" : "${n.path}.${key}", value = value
      schema = try(n.schema.items, n.schema.properties[key], n.schema.additionalProperties)
    }
  ], [])])

  # JSON's first letter tells the type; an unknown key has no schema of its own and is named by its object.
  json_types = merge(
    { "{" = "object", "[" = "array", "\"" = "string", "t" = "boolean", "f" = "boolean", "n" = "null", "-" = "number" },
    { for digit in range(10) : tostring(digit) => "number" },
  )
  nodes = [
    for n in concat(local.level_0, local.level_1, local.level_2, local.level_3, local.level_4, local.level_5, local.level_6) : {
      path = n.path, value = n.value, schema = n.schema, type = local.json_types[substr(jsonencode(n.value), 0, 1)]
    } if can(n.schema.type)
  ]
  well_typed = [for n in local.nodes : n if n.type == n.schema.type]
}
