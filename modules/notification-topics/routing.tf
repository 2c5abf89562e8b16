# Whom an alarm is for, by the routing table: the category's team, else the service's, else the plane's, else the severity's row; critical
# adds the critical row; info goes to the info row alone. lambda_src/ reads the same table by the same rule.
locals {
  team_rows_of = {
    for name, alarm in var.alarms : name => {
      category = [for i, row in var.destinations : i if row.kind == "team" && contains(row.match.category, alarm.category)]
      service  = [for i, row in var.destinations : i if row.kind == "team" && contains(row.match.service, alarm.service)]
      plane    = [for i, row in var.destinations : i if row.kind == "team" && contains(row.match.plane, alarm.plane)]
    }
  }
  severity_rows_of = {
    for name, alarm in var.alarms : name => [for i, row in var.destinations : i if row.kind == "severity" && contains(row.match.severity, alarm.severity)]
  }
  rows_of = {
    for name, alarm in var.alarms : name => distinct(concat(
      alarm.severity == "info" ? local.severity_rows_of[name] : concat(
        coalescelist(local.team_rows_of[name].category, local.team_rows_of[name].service, local.team_rows_of[name].plane, local.severity_rows_of[name], [-1]),
        alarm.severity == "critical" ? local.severity_rows_of[name] : [],
      )
    ))
  }
  addresses_of = {
    for name, rows in local.rows_of : name => distinct(flatten([for i in rows : i < 0 ? [] : var.destinations[i].emails]))
  }
}
