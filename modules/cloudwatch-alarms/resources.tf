# The catalogue's AWS resources in one shape: what the alarm is called after, whose it is, and how CloudWatch knows it.
locals {
  resources = concat(
    [for name, database in var.catalogue.databases : {
      section    = "databases"
      name       = name
      plane      = database.plane
      service    = name
      kind       = database.kind
      identifier = database.identifier
      dimensions = { (database.kind == "cluster" ? "DBClusterIdentifier" : "DBInstanceIdentifier") = database.identifier }
      overrides  = database.alarms
    }],
    # ElastiCache publishes its metrics by member; an alarm on the replication group would wait for data for ever.
    flatten([for name, cache in var.catalogue.caches : [
      for member in cache.members : {
        section    = "caches"
        name       = member
        plane      = cache.plane
        service    = name
        kind       = "instance"
        identifier = member
        dimensions = { CacheClusterId = member }
        overrides  = cache.alarms
      }
    ]]),
    [for name, service in var.catalogue.ecs_services : {
      section    = "ecs_services"
      name       = name
      plane      = service.plane
      service    = name
      kind       = "instance"
      identifier = service.service_name
      dimensions = { ClusterName = service.cluster, ServiceName = service.service_name }
      overrides  = service.alarms
    }],
  )
}
