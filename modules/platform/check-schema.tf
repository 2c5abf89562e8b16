# What the schema alone can tell: unknown and missing keys, types, allowed values. Each problem names the path, the value and what to write.
locals {
  wrong_nodes = [for n in local.nodes : n if n.type != n.schema.type]
  wrong_types = [
    for n in local.wrong_nodes : "${n.path == "" ? "the catalogue" : n.path} is ${jsonencode(n.value)}: write ${local.type_words[n.schema.type]}"
  ]
  type_words = {
    object  = "keys and values, { key: value }"
    array   = "a list, [value, value]"
    string  = "a text, \"value\""
    number  = "a number, without quotes"
    boolean = "true or false"
  }

  unknown_keys = flatten([
    for n in local.well_typed : [
      for key in setsubtract(keys(n.value), keys(n.schema.properties)) :
      "${trimprefix("${n.path}.${key}", ".")} is not a key of the catalogue: use one of ${join(", ", keys(n.schema.properties))}"
    ] if can(n.schema.properties)
  ])
  incomplete_nodes = [for n in local.well_typed : n if can(n.schema.required) && length(setsubtract(try(n.schema.required, []), try(keys(n.value), []))) > 0]
  missing_keys = flatten([
    for n in local.incomplete_nodes : [
      for key in setsubtract(n.schema.required, keys(n.value)) :
      "${trimprefix("${n.path}.${key}", ".")} is missing: ${n.schema.properties[key].description}"
    ]
  ])
  bad_names = flatten([
    for n in local.well_typed : [
      for key in keys(n.value) : "${trimprefix("${n.path}.${key}", ".")} is no usable name: ${n.schema.propertyNames.x-means}"
      if !can(regex(n.schema.propertyNames.pattern, key))
    ] if can(n.schema.propertyNames)
  ])
  bad_values = [
    for n in local.well_typed : "${n.path} is ${jsonencode(n.value)}: ${try(n.schema.x-means, "use one of ${join(", ", n.schema.enum)}", "give at least one")}"
    if anytrue([
      can(n.schema.enum) && !contains(try(n.schema.enum, []), n.value),
      can(n.schema.pattern) && !can(regex(n.schema.pattern, n.value)),
      try(length(n.value) < n.schema.minLength, false),
      try(length(n.value) < n.schema.minItems, false),
      try(length(n.value) < n.schema.minProperties, false),
      try(n.value < n.schema.minimum, false),
      try(n.value > n.schema.maximum, false),
      try(n.value <= n.schema.exclusiveMinimum, false),
      try(n.value >= n.schema.exclusiveMaximum, false),
    ])
  ]

  schema_problems = concat(local.wrong_types, local.unknown_keys, local.missing_keys, local.bad_names, local.bad_values)
}
