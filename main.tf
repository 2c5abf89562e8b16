# One catalogue, two alert paths. This file wires the rooms and holds no logic of its own.

# The platform as data: checked, with every default filled in.
module "platform" {
  source = "./modules/platform"

  platform = var.platform
}

# The Prometheus path as files: pure, no AWS in it.
module "monitoring_config" {
  source = "./modules/monitoring-config"

  catalogue            = local.catalogue
  monitoring           = var.monitoring
  host                 = local.host_on
  heartbeat_url        = var.monitoring.heartbeat_url
  external_urls        = var.external_urls
  smtp                 = var.smtp
  pagerduty_region     = var.pagerduty_region
  pagerduty_events_url = var.pagerduty_events_url
}

module "secrets" {
  source = "./modules/alerting-secrets"
  count  = local.cloudwatch_on || local.host_on ? 1 : 0

  name                 = local.name
  files                = local.secret_files
  recovery_window_days = var.secrets.recovery_window_days
  kms                  = local.brought_key
  tags                 = local.tags
}

# The CloudWatch path: alarms, topics, forwarders.
module "alarms" {
  source = "./modules/cloudwatch-alarms"
  count  = local.cloudwatch_on ? 1 : 0

  catalogue      = var.cloudwatch.alarms ? local.catalogue : merge(local.catalogue, { databases = {}, caches = {}, ecs_services = {}, load_balancers = {} })
  load_balancers = var.cloudwatch.alarms ? var.load_balancers : {}
  alarm_prefix   = local.alarm_prefix
  topic_arns     = module.topics[0].topic_arns
  external_urls  = var.external_urls
  settings       = var.cloudwatch
  tags           = local.tags
}

module "topics" {
  source = "./modules/notification-topics"
  count  = local.cloudwatch_on ? 1 : 0

  name                  = local.name
  alarm_prefix          = local.alarm_prefix
  destinations          = local.catalogue.destinations
  alarms                = merge({ for name, alarm in module.alarms[0].alarms : name => alarm if alarm.told }, local.heartbeat_alarms)
  topics                = var.topics
  kms                   = local.brought_key
  publisher_account_ids = var.cloudwatch.publisher_account_ids
  email                 = var.cloudwatch.email
  fallback              = var.cloudwatch.fallback
  events                = var.cloudwatch.events
  runbooks_url          = var.external_urls.runbooks
  tags                  = local.tags
}

module "forwarder" {
  source   = "./modules/alert-forwarder"
  for_each = local.cloudwatch_on ? local.forwarders : {}

  name         = local.name
  function     = each.key
  description  = each.value
  alarm_prefix = local.alarm_prefix

  destinations         = local.catalogue.destinations
  resources            = module.alarms[0].resources
  external_urls        = var.external_urls
  pagerduty_events_url = module.monitoring_config.pagerduty_events_url

  secret_ids  = module.secrets[0].ids
  secret_arns = module.secrets[0].arns
  secret_key  = local.brought_key

  topic_arns         = module.topics[0].topic_arns
  topic_names        = module.topics[0].topic_names
  canary_name        = local.canary_name
  fallback_topic_arn = module.topics[0].fallback_topic_arn
  key                = { key_arn = module.topics[0].key_arn }
  log_key            = local.log_key

  runtime                  = var.forwarders.runtime
  timeout_seconds          = var.forwarders.timeout_seconds
  retries                  = var.forwarders.retries
  give_up_after_seconds    = var.forwarders.give_up_after_seconds
  vpc                      = var.forwarders.vpc
  log_retention_days       = var.forwarders.log_retention_days
  reserved_concurrency     = var.forwarders.reserved_concurrency
  tracing                  = var.forwarders.tracing
  secret_ttl_seconds       = var.forwarders.secret_ttl_seconds
  secrets_extension        = var.forwarders.secrets_extension
  environment              = var.forwarders.environment
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = local.tags
}

# Sees to it that alerts get through, and that somebody hears them.
module "path_watch" {
  source = "./modules/path-watch"
  count  = local.cloudwatch_on && try(var.cloudwatch.path_watch.enabled, false) ? 1 : 0

  name               = local.name
  alarm_prefix       = local.alarm_prefix
  canary_name        = local.canary_name
  interval_minutes   = var.cloudwatch.path_watch.interval_minutes
  remind_after_hours = var.cloudwatch.path_watch.remind_after_hours

  topic_arns         = module.topics[0].topic_arns
  topic_names        = module.topics[0].topic_names
  fallback_topic_arn = module.topics[0].fallback_topic_arn
  key                = { key_arn = module.topics[0].key_arn }
  log_key            = local.log_key
  mail               = local.mail
  secret_ids         = values(module.secrets[0].ids)
  secret_arns        = module.secrets[0].arns
  forwarders         = module.forwarder

  runbooks_url             = var.external_urls.runbooks
  runtime                  = var.forwarders.runtime
  vpc                      = var.forwarders.vpc
  log_retention_days       = var.forwarders.log_retention_days
  tracing                  = var.forwarders.tracing
  environment              = var.forwarders.environment
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = local.tags
}

# The Prometheus path's host, loaded with the config release.
module "release" {
  source = "./modules/config-release"
  count  = local.host_on ? 1 : 0

  name          = local.name
  release       = module.monitoring_config.release
  force_destroy = var.host.disposable
  kms           = local.brought_key
  tags          = local.tags
}

module "host" {
  source = "./modules/monitoring-host-ec2"
  count  = local.host_on ? 1 : 0

  name         = local.name
  alarm_prefix = local.alarm_prefix
  catalogue    = local.catalogue

  release     = { bucket = module.release[0].bucket, bucket_arn = module.release[0].bucket_arn, key = module.release[0].key }
  secret_ids  = module.secrets[0].ids
  secret_arns = module.secrets[0].arns
  kms         = local.brought_key

  subnet          = var.host.subnet
  ports           = var.monitoring.ports
  smtp_port       = var.smtp == null ? null : var.smtp.port
  instance_type   = var.host.instance_type
  architecture    = var.host.architecture
  ami_id          = var.host.ami_id
  root_volume_gb  = var.host.root_volume_gb
  data_volume_gb  = var.host.data_volume_gb
  volume_key      = var.host.volume_key
  final_snapshot  = !var.host.disposable
  public_ip       = var.host.public_ip
  session_manager = var.host.session_manager
  ui_clients      = var.host.ui_clients
  target_networks = var.host.target_networks

  heartbeat_alarm = local.heartbeat_on ? {
    missing_minutes = var.host.heartbeat_missing_minutes
    topic_arns      = { critical = module.topics[0].topic_arns.critical, fallback = module.topics[0].fallback_topic_arn }
  } : null

  runbooks_url             = var.external_urls.runbooks
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = local.tags
}
