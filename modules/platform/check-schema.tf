# What the schema alone can tell: unknown and missing keys, types, allowed values. Each problem names the path, the value and what to write.
locals {
  type_words = {
    object  = "keys and values, { key: value }"
    array   = "a list, [value, value]"
    string  = "a text, \"value\""
    number  = "a number, without quotes"
    boolean = "true or false"
  }
  wrong_types = flatten([for p in local.places : [
    for path, v in p.wrong : "${path == "" ? "the catalogue" : trimprefix(path, ".")} is ${jsonencode(v)}: write ${local.type_words[p.schema.type]}"
  ]])

  unknown_keys = flatten([for p in local.places : [
    for path, v in p.values : [
      for key in keys(v) : "${trimprefix("${path}.${key}", ".")} is not a key of the catalogue: use one of ${join(", ", keys(p.known))}"
      if !can(p.known[key])
    ]
  ] if can(p.schema.properties)])

  missing = flatten([for p in local.places : [
    for path, v in p.values : [for key in p.schema.required : { of = path, key = key, about = p.schema.properties[key].description } if !can(v[key])]
  ] if can(p.schema.required)])
  missing_keys = [for m in local.missing : "${trimprefix("${m.of}.${m.key}", ".")} is missing: ${m.about}"]

  bad_names = flatten([for p in local.places : [
    for path, v in p.values : [
      for key in keys(v) : "${trimprefix("${path}.${key}", ".")} is no usable name: ${p.schema.propertyNames.x-means}"
      if !can(regex(p.schema.propertyNames.pattern, key))
    ]
  ] if can(p.schema.propertyNames)])

  bad = concat(
    [for p in local.places : { schema = p.schema, values = { for path, v in p.values : path => v if !contains(p.schema.enum, v) } } if can(p.schema.enum)],
    [for p in local.places : { schema = p.schema, values = { for path, v in p.values : path => v if !can(regex(p.schema.pattern, v)) } } if can(p.schema.pattern)],
    [
      for p in local.places : { schema = p.schema, values = { for path, v in p.values : path => v if length(v) < try(p.schema.minLength, p.schema.minItems, p.schema.minProperties) } }
      if can(try(p.schema.minLength, p.schema.minItems, p.schema.minProperties))
    ],
    [
      for p in local.places : {
        schema = p.schema
        values = {
          for path, v in p.values : path => v if anytrue([
            try(v < p.schema.minimum, false), try(v > p.schema.maximum, false), try(v <= p.schema.exclusiveMinimum, false), try(v >= p.schema.exclusiveMaximum, false),
          ])
        }
      } if p.schema.type == "number"
    ],
  )
  bad_values = flatten([for b in local.bad : [
    for path, v in b.values : "${trimprefix(path, ".")} is ${jsonencode(v)}: ${try(b.schema.x-means, "use one of ${join(", ", b.schema.enum)}", "give at least one")}"
  ]])

  schema_problems = concat(local.wrong_types, local.unknown_keys, local.missing_keys, local.bad_names, local.bad_values)
}
