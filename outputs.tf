output "name" {
  description = "Prefix of everything that was made."
  value       = local.name

  precondition {
    condition     = can(regex("^[a-z][a-z0-9-]{0,20}$", local.name))
    error_message = "The catalogue's name ${jsonencode(local.name)} is longer than the 21 characters that every derived name has room for: set the variable name to a shorter one."
  }
}

output "topic_arns" {
  description = "Topics of the CloudWatch path: critical, warning, slo, infrastructure, fallback. Alarms of your own may use them."
  value       = local.cloudwatch_on ? merge(module.topics[0].topic_arns, { fallback = module.topics[0].fallback_topic_arn }) : {}
}

output "function_arns" {
  description = "The forwarders, by function (pagerduty-forwarder, slack-forwarder)."
  value       = { for function, forwarder in module.forwarder : function => forwarder.function_arn }
}

output "function_names" {
  description = "Names of the forwarders."
  value       = { for function, forwarder in module.forwarder : function => forwarder.function_name }
}

output "path_watch" {
  description = "The function that watches the alert path, null without: its names, the rule that runs it, its canary, and the namespace in which canaries are counted."
  value = length(module.path_watch) == 0 ? null : {
    function_arn     = module.path_watch[0].function_arn
    function_name    = module.path_watch[0].function_name
    rule_name        = module.path_watch[0].rule_name
    canary_name      = local.canary_name
    metric_namespace = module.path_watch[0].metric_namespace
  }
}

output "undelivered_queue_urls" {
  description = "Where each forwarder's undelivered alerts lie."
  value       = { for function, forwarder in module.forwarder : function => forwarder.queue_url }
}

output "alarm_arns" {
  description = "Every alarm by name, those that watch the alert path itself included."
  value = merge(concat(
    [for alarms in module.alarms : alarms.alarm_arns],
    [for topics in module.topics : topics.alarm_arns],
    [for forwarder in module.forwarder : forwarder.alarm_arns],
    [for watch in module.path_watch : watch.alarm_arns],
    [for host in module.host : host.alarm_arns],
  )...)
}

output "alarms" {
  description = "What each alarm of a resource carries, known at plan: severity, category, plane, service, topic, whether it tells anybody (a part of an alarm over it does not), and the addresses that it is mailed to."
  value = local.cloudwatch_on ? {
    for name, alarm in module.alarms[0].alarms : name => merge(alarm, { emails = lookup(module.topics[0].addresses, name, []) })
  } : {}
}

output "secret_arns" {
  description = "The secrets, by file name."
  value       = try(module.secrets[0].arns, {})
}

output "secrets_to_fill" {
  description = "What is to be filled once, out of band: file name => its name in Secrets Manager and what it holds."
  value       = try(module.secrets[0].secrets_to_fill, {})
}

output "config_release" {
  description = "What the host loads: bucket, key and version of the release, its hash and the names of its files. Without a host only hash and files."
  value = {
    bucket     = try(module.release[0].bucket, null)
    key        = try(module.release[0].key, null)
    version_id = try(module.release[0].version_id, null)
    hash       = module.monitoring_config.hash
    files      = sort(keys(module.monitoring_config.files))
  }
}

output "rules" {
  description = "Prometheus rule files, by name, for a Prometheus that exists already."
  value       = { for path, content in module.monitoring_config.files : basename(path) => content if startswith(path, "prometheus/rules/") }
}

output "routes" {
  description = "Alertmanager's configuration and templates, by path, for an Alertmanager that exists already."
  value       = { for path, content in module.monitoring_config.files : trimprefix(path, "alertmanager/") => content if startswith(path, "alertmanager/") }
}

output "host" {
  description = "The monitoring host, null without one: its group, security group, disk, role, metric namespace, and where its user interfaces listen (its private address changes with each replacement; find it by the group)."
  value = local.host_on ? {
    autoscaling_group_name = module.host[0].autoscaling_group_name
    security_group_id      = module.host[0].security_group_id
    volume_id              = module.host[0].volume_id
    role_name              = module.host[0].role_name
    metric_namespace       = module.host[0].metric_namespace
    endpoints = {
      for ui in ["prometheus", "alertmanager", "grafana"] : ui => { port = var.monitoring.ports[ui], url = var.external_urls[ui] }
    }
  } : null
}

output "key_arn" {
  description = "Key of topics and queues: the module's own, or the brought one."
  value       = try(module.topics[0].key_arn, null)
}

output "required_statements" {
  description = "What the policies of a brought key (kms) and of brought topics (topic, with the topic's own ARN as Resource) must hold; known at plan, and never applied by the module to what it did not make."
  value       = try(module.topics[0].required_statements, { kms = [], topic = [] })
}

output "email_subscriptions" {
  description = "Mail subscriptions, \"<topic>/<address>\" => filter. Each stays pending until its owner confirms it, and vanishes after 48 hours."
  value       = try(module.topics[0].email_subscriptions, {})
}
