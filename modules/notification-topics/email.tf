# E-mail comes straight from the topic, past the forwarders. A subscription's filter reads AlarmName in the message body, the one field
# that every kind of alarm message has: severity and category are not in all of them.
locals {
  most_filter_values = 150 # SNS' limit for one subscription

  alarm_names_of = {
    for pair in flatten([
      for name, addresses in local.addresses_of : [for address in addresses : { key = "${var.alarms[name].topic}/${address}", name = name }]
    ]) : pair.key => pair.name...
  }
  # Where the names are too many: a resource's prefix in place of its names, if every alarm of the topic that begins so is for this address.
  prefix_of = { for name, alarm in var.alarms : name => "${var.alarm_prefix}${alarm.resource}-" if alarm.resource != "" && startswith(name, "${var.alarm_prefix}${alarm.resource}-") }
  whole_prefixes_of = {
    for key, names in local.alarm_names_of : key => [
      for prefix in distinct([for name in names : local.prefix_of[name] if can(local.prefix_of[name])]) : prefix
      if alltrue([for name, alarm in var.alarms : contains(names, name) if startswith(name, prefix) && alarm.topic == split("/", key)[0]])
    ] if length(names) > local.most_filter_values
  }
  filter_values_of = {
    for key, names in local.alarm_names_of : key => concat(
      [for name in sort(names) : jsonencode(name) if !anytrue([for prefix in try(local.whole_prefixes_of[key], []) : startswith(name, prefix)])],
      [for prefix in try(local.whole_prefixes_of[key], []) : jsonencode({ prefix = prefix })],
    )
  }
  email_subscriptions = {
    for key, values in local.filter_values_of : key => {
      topic   = split("/", key)[0]
      address = join("/", slice(split("/", key), 1, length(split("/", key))))
      filter  = "{\"AlarmName\":[${join(",", values)}]}"
    }
  }
  long_filters = [
    for key, values in local.filter_values_of :
    "${key} would need a filter of ${length(values)} values, SNS takes ${local.most_filter_values}: give the team fewer alarms, or a whole plane or category of its own"
    if length(values) > local.most_filter_values
  ]
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.email ? local.email_subscriptions : {}

  topic_arn           = local.topic_arns[each.value.topic]
  protocol            = "email"
  endpoint            = each.value.address
  filter_policy       = each.value.filter
  filter_policy_scope = "MessageBody"
}
