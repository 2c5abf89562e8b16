# A load balancer's requests as an SLO: the share of 5xx divided by the share that the objective allows is its burn rate. CloudWatch's metric
# math knows one period in one alarm, so each window is an alarm that tells nobody, and one alarm over them tells.
locals {
  load_balancers = {
    for name, b in var.catalogue.load_balancers : name => merge(b, {
      budget  = tonumber(format("%.8f", (100 - b.objective) / 100))
      stretch = tonumber(trimsuffix(b.window, "d")) / 30
      counts  = b.target_group != null || try(var.load_balancers[name].target_group, null) != null ? "target_group" : "load_balancer"
    })
  }
  # Brought as objects they may be made in the same apply: that they are there is known before what they are called.
  balancer_dimensions = {
    for name, b in local.load_balancers : name => merge(
      { LoadBalancer = try(var.load_balancers[name].load_balancer.arn_suffix, b.load_balancer) },
      b.counts == "load_balancer" ? {} : { TargetGroup = try(var.load_balancers[name].target_group.arn_suffix, b.target_group) },
    )
  }
  # What a load balancer answers itself belongs to no target group. A 503 was never given to a target, and is in no other count of requests.
  counters = {
    target_group  = { requests = "RequestCount", target_5xx = "HTTPCode_Target_5XX_Count", unconnected = "TargetConnectionErrorCount" }
    load_balancer = { requests = "RequestCount", target_5xx = "HTTPCode_Target_5XX_Count", own_5xx = "HTTPCode_ELB_5XX_Count", own_503 = "HTTPCode_ELB_503_Count" }
  }
  # A count of nothing is not reported. FILL makes it 0, and SUM leaves out what has no data at all.
  sums = {
    target_group  = { bad = "SUM([FILL(target_5xx, 0), FILL(unconnected, 0)])", total = "SUM([FILL(requests, 0)])" }
    load_balancer = { bad = "SUM([FILL(target_5xx, 0), FILL(own_5xx, 0)])", total = "SUM([FILL(requests, 0), FILL(own_503, 0)])" }
  }

  # Every clause of every balancer, its windows by the names of their alarms.
  burn_clauses = {
    for balancer, b in local.load_balancers : balancer => {
      for speed, rule in local.burn_rules : speed => [
        for clause in rule.clauses : {
          for part in clause : join("-", compact(["${var.alarm_prefix}${balancer}-burning-${speed}-${part.window}", try(part.part, "")])) => {
            window = part.window
            above  = tonumber(format("%.4f", part.above * b.stretch))
          }
        }
      ]
    }
  }
  burn_labels = {
    for balancer, b in local.load_balancers : balancer => {
      for speed in keys(local.burn_rules) : speed => {
        severity = speed == "fast" && b.pages ? "critical" : "warning"
        category = "slo"
        plane    = b.plane
        service  = balancer
        resource = balancer
        runbook  = "load-balancer-burning-${speed}"
      }
    }
  }

  burn_windows = merge(flatten([
    for balancer, b in local.load_balancers : [
      for speed, clauses in local.burn_clauses[balancer] : [
        for clause in clauses : {
          for name, part in clause : name => merge(local.burn_labels[balancer][speed], {
            dimensions = local.balancer_dimensions[balancer]
            period     = local.burn_window_seconds[part.window]
            threshold  = part.above
            counters   = local.counters[b.counts]
            sums       = local.sums[b.counts]
            burn       = "IF(bad < ${b.min_bad_events}, 0, bad / IF(total > bad, total, bad) / ${b.budget})"
            about      = "Burn rate of ${balancer} over ${part.window} above ${part.above}: the share of 5xx among its requests, divided by the ${format("%.6g", 100 - b.objective)} % that the objective allows; 0 below ${b.min_bad_events} of them. A part of ${var.alarm_prefix}${balancer}-burning-${speed}, which tells it. No data is good: without requests a load balancer reports nothing, and nothing burns."
          })
        }
      ]
    ]
  ])...)

  burning = merge([
    for balancer, b in local.load_balancers : {
      for speed, clauses in local.burn_clauses[balancer] : "${var.alarm_prefix}${balancer}-burning-${speed}" => merge(local.burn_labels[balancer][speed], {
        clauses = [for clause in clauses : keys(clause)]
        about = "${balancer} loses its error budget (${b.objective} % in ${b.window}) too fast: burn rate ${join(", or ", [
          for clause in clauses : join(" and ", [for part in values(clause) : "above ${part.above} over ${part.window}"])
        ])}. ${local.composite_reason}"
      })
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "burn_rate" {
  for_each = local.burn_windows

  alarm_name        = each.key
  alarm_description = local.descriptions[each.key]

  dynamic "metric_query" {
    for_each = each.value.counters
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        stat        = "Sum"
        period      = each.value.period
      }
    }
  }
  dynamic "metric_query" {
    for_each = each.value.sums
    content {
      id         = metric_query.key
      expression = metric_query.value
      label      = metric_query.key
    }
  }
  metric_query {
    id          = "burn"
    expression  = each.value.burn
    label       = "Burn rate"
    return_data = true
  }

  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  treat_missing_data  = "notBreaching"

  alarm_actions             = local.actions[each.key]
  ok_actions                = local.actions[each.key]
  insufficient_data_actions = local.no_data_actions[each.key]

  tags = var.tags
}

resource "aws_cloudwatch_composite_alarm" "burning" {
  for_each = local.burning

  alarm_name        = each.key
  alarm_description = local.descriptions[each.key]
  alarm_rule = join(" OR ", [
    for clause in each.value.clauses : "(${join(" AND ", [for name in clause : "ALARM(\"${aws_cloudwatch_metric_alarm.burn_rate[name].alarm_name}\")"])})"
  ])

  alarm_actions             = local.actions[each.key]
  ok_actions                = local.actions[each.key]
  insufficient_data_actions = local.no_data_actions[each.key]

  tags = var.tags
}
