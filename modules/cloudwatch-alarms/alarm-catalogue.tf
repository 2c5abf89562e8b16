# What is worth an alarm, by kind of resource: the only place where metrics and thresholds stand.
#
#   threshold   in `unit`; the alarm compares with threshold x scale (storage is told in GB and measured in bytes)
#   period      seconds of one datapoint; `periods` of them in a row must breach
#   missing     what no data means, with the reason that its description gives
#   recommended AWS' own list beyond the reference set: made when var.settings.recommended_alarms says so
locals {
  alarm_defaults = {
    scale       = 1
    statistic   = "Average"
    comparison  = "above"
    period      = 60
    periods     = 10
    severity    = "warning"
    kinds       = ["instance", "cluster"]
    missing     = "missing"
    reason      = "No data keeps the alarm's last state until it is unknown, and tells nobody: a resource that is stopped reports nothing, and whether it is up is watched by its probe."
    recommended = false
  }

  gigabyte = 1024 * 1024 * 1024

  alarm_catalogue = {
    databases = {
      cpu-high         = { namespace = "AWS/RDS", category = "database", metric = "CPUUtilization", threshold = 80, unit = "%" }
      storage-low      = { namespace = "AWS/RDS", category = "database", metric = "FreeStorageSpace", threshold = 10, unit = "GB", scale = local.gigabyte, comparison = "below", statistic = "Minimum", period = 300, periods = 1, kinds = ["instance"] }
      connections-high = { namespace = "AWS/RDS", category = "database", metric = "DatabaseConnections", threshold = 80, unit = "connections" }

      memory-low          = { namespace = "AWS/RDS", category = "database", metric = "FreeableMemory", threshold = 0.25, unit = "GB", scale = local.gigabyte, comparison = "below", recommended = true }
      replica-lag-high    = { namespace = "AWS/RDS", category = "database", metric = "ReplicaLag", threshold = 60, unit = "s", statistic = "Maximum", kinds = ["instance"], recommended = true }
      io-balance-low      = { namespace = "AWS/RDS", category = "database", metric = "EBSIOBalance%", threshold = 10, unit = "%", comparison = "below", periods = 3, kinds = ["instance"], recommended = true }
      byte-balance-low    = { namespace = "AWS/RDS", category = "database", metric = "EBSByteBalance%", threshold = 10, unit = "%", comparison = "below", periods = 3, kinds = ["instance"], recommended = true }
      transaction-ids-low = { namespace = "AWS/RDS", category = "database", metric = "MaximumUsedTransactionIDs", threshold = 1000, unit = "million", scale = 1000000, statistic = "Maximum", periods = 1, recommended = true }
      read-latency-high   = { namespace = "AWS/RDS", category = "database", metric = "ReadLatency", threshold = 20, unit = "ms", scale = 0.001, recommended = true }
      write-latency-high  = { namespace = "AWS/RDS", category = "database", metric = "WriteLatency", threshold = 20, unit = "ms", scale = 0.001, recommended = true }
    }

    caches = {
      cpu-high       = { namespace = "AWS/ElastiCache", category = "infrastructure", metric = "CPUUtilization", threshold = 75, unit = "%" }
      memory-high    = { namespace = "AWS/ElastiCache", category = "infrastructure", metric = "DatabaseMemoryUsagePercentage", threshold = 85, unit = "%" }
      evictions-high = { namespace = "AWS/ElastiCache", category = "infrastructure", metric = "Evictions", threshold = 100, unit = "evictions", statistic = "Sum", period = 300, periods = 1 }

      engine-cpu-high      = { namespace = "AWS/ElastiCache", category = "infrastructure", metric = "EngineCPUUtilization", threshold = 90, unit = "%", periods = 5, recommended = true }
      connections-high     = { namespace = "AWS/ElastiCache", category = "infrastructure", metric = "CurrConnections", threshold = 50000, unit = "connections", recommended = true }
      replication-lag-high = { namespace = "AWS/ElastiCache", category = "infrastructure", metric = "ReplicationLag", threshold = 10, unit = "s", periods = 15, recommended = true }
    }

    ecs_services = {
      cpu-high    = { namespace = "AWS/ECS", category = "service", metric = "CPUUtilization", threshold = 80, unit = "%" }
      memory-high = { namespace = "AWS/ECS", category = "service", metric = "MemoryUtilization", threshold = 85, unit = "%" }

      tasks-low = { namespace = "ECS/ContainerInsights", category = "service", metric = "RunningTaskCount", threshold = 1, unit = "tasks", comparison = "below", periods = 5, recommended = true }
    }
  }

  runbook_of_section = { databases = "database", caches = "cache", ecs_services = "ecs-service" }
}
