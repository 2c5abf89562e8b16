output "catalogue" {
  description = "The catalogue with every default filled in: name, planes, services, slos, databases, caches, ecs_services, load_balancers, maintenance, destinations (the routing table), secrets (file name => what it holds)."
  value = {
    name           = try(tostring(var.platform.name), "")
    planes         = local.planes
    services       = local.services
    slos           = local.slos
    databases      = local.databases
    caches         = local.caches
    ecs_services   = local.ecs_services
    load_balancers = local.load_balancers
    maintenance    = local.maintenance
    destinations   = local.destinations
    secrets        = local.secrets
  }

  precondition {
    condition     = length(local.problems) == 0
    error_message = join("\n", concat(["The catalogue has ${length(local.problems)} problem(s):"], local.problems))
  }
}
