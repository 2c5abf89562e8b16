# What is worth an alarm, by kind of resource: the only place where metrics and thresholds stand.
#
#   threshold   in `unit`; the alarm compares with threshold x scale (storage is told in GB and measured in bytes)
#   period      seconds of one datapoint; `periods` of them in a row must breach
#   missing     what no data means, with the reason that its description gives
#   recommended AWS' own list beyond the reference set: made when var.settings.recommended_alarms says so, or when it is named
#   part        a database's resource that is used up is a cause; what clients and replicas feel of it is a symptom. Storage and
#               transaction ids run out by themselves: neither
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
    part        = ""
  }

  gigabyte = 1024 * 1024 * 1024

  alarm_catalogue = {
    databases = {
      cpu-high         = { namespace = "AWS/RDS", category = "database", part = "cause", metric = "CPUUtilization", threshold = 80, unit = "%" }
      storage-low      = { namespace = "AWS/RDS", category = "database", metric = "FreeStorageSpace", threshold = 10, unit = "GB", scale = local.gigabyte, comparison = "below", statistic = "Minimum", period = 300, periods = 1, kinds = ["instance"] }
      connections-high = { namespace = "AWS/RDS", category = "database", part = "symptom", metric = "DatabaseConnections", threshold = 80, unit = "connections" }

      memory-low           = { namespace = "AWS/RDS", category = "database", part = "cause", metric = "FreeableMemory", threshold = 0.25, unit = "GB", scale = local.gigabyte, comparison = "below", recommended = true }
      replica-lag-high     = { namespace = "AWS/RDS", category = "database", part = "symptom", metric = "ReplicaLag", threshold = 60, unit = "s", statistic = "Maximum", kinds = ["instance"], recommended = true }
      io-balance-low       = { namespace = "AWS/RDS", category = "database", part = "cause", metric = "EBSIOBalance%", threshold = 10, unit = "%", comparison = "below", periods = 3, kinds = ["instance"], recommended = true }
      byte-balance-low     = { namespace = "AWS/RDS", category = "database", part = "cause", metric = "EBSByteBalance%", threshold = 10, unit = "%", comparison = "below", periods = 3, kinds = ["instance"], recommended = true }
      transaction-ids-high = { namespace = "AWS/RDS", category = "database", metric = "MaximumUsedTransactionIDs", threshold = 1000, unit = "million", scale = 1000000, statistic = "Maximum", periods = 1, recommended = true }
      read-latency-high    = { namespace = "AWS/RDS", category = "database", part = "symptom", metric = "ReadLatency", threshold = 20, unit = "ms", scale = 0.001, recommended = true }
      write-latency-high   = { namespace = "AWS/RDS", category = "database", part = "symptom", metric = "WriteLatency", threshold = 20, unit = "ms", scale = 0.001, recommended = true }
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

  # How fast a load balancer's error budget may burn, as the SLOs of the Prometheus path have it: above the factor in every window of a
  # clause at once, so that it ends with the shortest. Factors are those of a budget of 30 days.
  burn_rules = {
    fast = {
      severities = ["critical", "warning"] # where its SLO pages, and where not
      clauses = [
        [{ window = "1h", above = 14.4 }, { window = "5m", above = 14.4 }],
        [{ window = "6h", above = 6 }, { window = "30m", above = 6 }, { window = "5m", above = 1, part = "still" }],
      ]
    }
    slow = {
      severities = ["warning"]
      clauses = [
        [{ window = "1d", above = 3 }, { window = "2h", above = 3 }],
        [{ window = "3d", above = 1 }, { window = "6h", above = 1 }],
      ]
    }
  }
  burn_window_seconds = { "5m" = 300, "30m" = 1800, "1h" = 3600, "2h" = 7200, "6h" = 21600, "1d" = 86400, "3d" = 259200 }
}
