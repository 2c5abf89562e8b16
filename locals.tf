# What follows from the variables, once.
locals {
  catalogue = module.platform.catalogue
  name      = var.name == null ? local.catalogue.name : var.name

  # CloudWatch overwrites an alarm of the same name without a word: a second deployment of a platform gets a prefix of its own.
  alarm_prefix = var.alarm_prefix != null ? var.alarm_prefix : local.name == local.catalogue.name ? "" : "${local.name}-"

  cloudwatch_on = var.cloudwatch != null
  host_on       = var.host != null
  heartbeat_on  = local.cloudwatch_on && try(var.host.heartbeat_missing_minutes, null) != null

  brought_key = var.kms == null ? null : { key_arn = var.kms.key_arn }

  # The mail server's password is the host's alone.
  secret_files = local.host_on ? module.monitoring_config.secret_files : local.catalogue.secrets

  forwarders = {
    pagerduty-forwarder = "Pages for what the alert topics say"
    slack-forwarder     = "Tells Slack what the alert topics say"
  }

  canary_name = "${local.alarm_prefix}${local.name}-canary"

  # The functions' logs: under the module's own key, or under a brought one that admits them.
  log_key = var.kms == null ? { key_arn = try(module.topics[0].key_arn, null) } : var.kms.encrypt_logs ? local.brought_key : null

  # Who must be subscribed, by topic.
  mail = merge(
    { for subscription in keys(try(module.topics[0].email_subscriptions, {})) : split("/", subscription)[0] => trimprefix(subscription, "${split("/", subscription)[0]}/")... },
    { fallback = sort(try(var.cloudwatch.fallback.emails, [])) },
  )

  heartbeat_alarms = local.heartbeat_on ? {
    (module.host[0].heartbeat_alarm_name) = { severity = "critical", category = "monitoring", plane = "", service = "", resource = "", topic = "critical" }
  } : {}

  tags = merge({ alerting = local.name }, var.tags)
}
