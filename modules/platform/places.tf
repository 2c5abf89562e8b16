# The catalogue laid over its schema: each place of the schema with every value that stands there, by its path. A thousand services share
# one place, so that a check asks the schema once for all of them. HCL has no recursion, so a level each; the schema is no deeper than six.
locals {
  schema = jsondecode(file("${path.module}/platform.schema.json"))

  level_0 = [{ schema = local.schema, values = { "" = var.platform } }]
  level_1 = flatten([for p in local.level_0 : concat(
    [for key, s in try(p.schema.properties, {}) : { schema = s, values = { for path, v in p.values : "${path}.${key}" => v[key] if can(v[key]) } }],
    [for s in try([p.schema.additionalProperties], [p.schema.items], []) : { schema = s, values = merge([
      for path, v in p.values : { for key, x in v : (p.schema.type == "array" ? "${path}[${key}]" : "${path}.${key}") => x }
      if p.schema.type == "array" ? can(concat(v)) : can(keys(v))
    ]...) } if can(s.type)],
  )])
  level_2 = flatten([for p in local.level_1 : concat(
    [for key, s in try(p.schema.properties, {}) : { schema = s, values = { for path, v in p.values : "${path}.${key}" => v[key] if can(v[key]) } }],
    [for s in try([p.schema.additionalProperties], [p.schema.items], []) : { schema = s, values = merge([
      for path, v in p.values : { for key, x in v : (p.schema.type == "array" ? "${path}[${key}]" : "${path}.${key}") => x }
      if p.schema.type == "array" ? can(concat(v)) : can(keys(v))
    ]...) } if can(s.type)],
  )])
  level_3 = flatten([for p in local.level_2 : concat(
    [for key, s in try(p.schema.properties, {}) : { schema = s, values = { for path, v in p.values : "${path}.${key}" => v[key] if can(v[key]) } }],
    [for s in try([p.schema.additionalProperties], [p.schema.items], []) : { schema = s, values = merge([
      for path, v in p.values : { for key, x in v : (p.schema.type == "array" ? "${path}[${key}]" : "${path}.${key}") => x }
      if p.schema.type == "array" ? can(concat(v)) : can(keys(v))
    ]...) } if can(s.type)],
  )])
  level_4 = flatten([for p in local.level_3 : concat(
    [for key, s in try(p.schema.properties, {}) : { schema = s, values = { for path, v in p.values : "${path}.${key}" => v[key] if can(v[key]) } }],
    [for s in try([p.schema.additionalProperties], [p.schema.items], []) : { schema = s, values = merge([
      for path, v in p.values : { for key, x in v : (p.schema.type == "array" ? "${path}[${key}]" : "${path}.${key}") => x }
      if p.schema.type == "array" ? can(concat(v)) : can(keys(v))
    ]...) } if can(s.type)],
  )])
  level_5 = flatten([for p in local.level_4 : concat(
    [for key, s in try(p.schema.properties, {}) : { schema = s, values = { for path, v in p.values : "${path}.${key}" => v[key] if can(v[key]) } }],
    [for s in try([p.schema.additionalProperties], [p.schema.items], []) : { schema = s, values = merge([
      for path, v in p.values : { for key, x in v : (p.schema.type == "array" ? "${path}[${key}]" : "${path}.${key}") => x }
      if p.schema.type == "array" ? can(concat(v)) : can(keys(v))
    ]...) } if can(s.type)],
  )])
  level_6 = flatten([for p in local.level_5 : concat(
    [for key, s in try(p.schema.properties, {}) : { schema = s, values = { for path, v in p.values : "${path}.${key}" => v[key] if can(v[key]) } }],
    [for s in try([p.schema.additionalProperties], [p.schema.items], []) : { schema = s, values = merge([
      for path, v in p.values : { for key, x in v : (p.schema.type == "array" ? "${path}[${key}]" : "${path}.${key}") => x }
      if p.schema.type == "array" ? can(concat(v)) : can(keys(v))
    ]...) } if can(s.type)],
  )])
  levels = concat(local.level_0, local.level_1, local.level_2, local.level_3, local.level_4, local.level_5, local.level_6)

  # JSON's first letter tells the type.
  first_letters = { object = ["{"], array = ["["], string = ["\""], boolean = ["t", "f"], number = concat(["-"], [for digit in range(10) : tostring(digit)]) }
  typed_places = [
    for p in local.levels : {
      schema = p.schema
      known  = { for key in try(keys(p.schema.properties), []) : key => true }
      values = p.values
      wrong  = { for path, v in p.values : path => v if !contains(local.first_letters[p.schema.type], substr(jsonencode(v), 0, 1)) }
    } if length(p.values) > 0
  ]
  # What has the wrong type is told as such, and asked nothing more.
  places = concat(
    [for p in local.typed_places : p if length(p.wrong) == 0],
    [for p in local.typed_places : merge(p, { values = { for path, v in p.values : path => v if !contains(keys(p.wrong), path) } }) if length(p.wrong) > 0],
  )
}
