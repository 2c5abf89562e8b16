"""A whole deployment on this machine: the world around it, the host, and the emulator that it was applied to."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.harness import cloud, paths, process
from tests.harness.cloud import Cloud
from tests.harness.history import Past, write_history
from tests.harness.host import Host, lay_out
from tests.harness.progress import step
from tests.harness.render import Rendered, render
from tests.harness.standins.recorder import Delivery, told
from tests.harness.standins.series import enrichment
from tests.harness.standins.sns_mail import SnsMailbox
from tests.harness.world import World

ANANTA = paths.ROOT / "examples/ananta"

# Settings of `monitoring`. production: the architecture's own; fast-pages: with page_timings = "fast"; fast: the same
# rules with every wait shortened.
TIMINGS: Mapping[str, Mapping[str, Any]] = {
    "production": {},
    "fast-pages": {"page_timings": "fast"},
    "fast": {
        "timings": {
            "scrape_interval": "1s",
            "scrape_timeout": "1s",
            "evaluation_interval": "1s",
            "group_wait": "1s",
            "group_interval": "5s",
            "hold_factor": 0.05,
        }
    },
}


class Stack(NamedTuple):
    """What a flow acts on and what it looks at. `cloud` is None where there is no AWS."""

    world: World
    host: Host
    rendered: Rendered
    run_dir: Path
    cloud: Cloud | None = None


def settings(world: World, timings: str) -> dict[str, Any]:
    """Variables of the example for a deployment on this machine: free ports, shortened waits, the stand-ins."""
    ports = {name: process.free_port() for name in ("prometheus", "alertmanager", "blackbox", "grafana")}
    monitoring = {**TIMINGS[timings], "ports": {**ports, "heartbeat": world.heartbeat.port}}
    return {"monitoring": monitoring, **world.settings()}


def alert_names(files: Mapping[str, str]) -> list[str]:
    """Every alert that the rendered rule files can fire."""
    rules = [yaml.safe_load(text) for name, text in files.items() if name.startswith("prometheus/rules/")]
    found = [rule["alert"] for file in rules for group in file["groups"] for rule in group["rules"] if "alert" in rule]
    return sorted(set(found))


@contextmanager
def without_aws(
    run_dir: Path, timings: str = "fast", example: Path = ANANTA, past: Past | None = None
) -> Iterator[Stack]:
    """The Prometheus path alone: rendered files and secrets laid out by hand, everything else real.

    `past` is the traffic that its services have had, and go on having.
    """
    with ExitStack() as stack:
        _, world = _enter_world(stack, example, run_dir)
        rendered = render(example, settings(world, timings))
        release = lay_out(rendered.files, world.secret_values, run_dir / "release")
        host = _enter_host(stack, release, run_dir, world, past)
        yield Stack(world, host, rendered, run_dir)


@contextmanager
def with_aws(run_dir: Path, timings: str = "fast", example: Path = ANANTA, past: Past | None = None) -> Iterator[Stack]:
    """Both paths: the example applied to the emulator, secrets filled, release and secrets fetched as the host does."""
    with ExitStack() as stack:
        rendered, world = _enter_world(stack, example, run_dir)
        # The heartbeat's own alarm would ring while no host has started yet.
        variables = {**settings(world, timings), "heartbeat_missing_minutes": None}
        localstack, applied = cloud.apply(example.name, run_dir, world.authority.ca_file, variables)
        stack.callback(localstack.stop)
        names = [*alert_names(rendered.files), *applied.module["alarms"]]
        stack.enter_context(SnsMailbox(world.recorder, localstack.url, names))
        applied.fill_secrets(world.secret_values)
        release = applied.fetch(run_dir / "host")
        host = _enter_host(stack, release, run_dir, world, past)
        yield Stack(world, host, rendered, run_dir, applied)


def _enter_world(stack: ExitStack, example: Path, run_dir: Path) -> tuple[Rendered, World]:
    """The example as it stands, and the running world around its catalogue."""
    with step("catalogue rendered"):
        rendered = render(example)
    series = {"cns-service": enrichment()} if "cns-service" in rendered.catalogue["services"] else {}
    return rendered, stack.enter_context(World(rendered.catalogue, alert_names(rendered.files), run_dir, series))


def _enter_host(stack: ExitStack, release: Path, run_dir: Path, world: World, past: Past | None) -> Host:
    """The host on a release, with its past, once everything is seen and nothing fires."""
    host = Host(release, run_dir, world.hosts_file, world.authority.ca_file)
    if past:
        give_past(past, world, host)
    stack.enter_context(host)
    wait_until_calm(world, host)
    return host


def wait_until_calm(world: World, host: Host) -> None:
    """Wait until everything has been seen, nothing fires, and whoever was told of the start's troubles knows their end.

    Prometheus looks for its targets only after five seconds: with shortened waits, services count as lost by then.
    """
    with step("every target scraped"):
        host.wait_until_scraped()
    with step("nothing fires"):
        world.recorder.wait_until(_all_ended, timeout=60)


def _all_ended(deliveries: list[Delivery]) -> bool:
    facts = {fact for fact in told(deliveries) if fact.receiver != "heartbeat"}
    return all(fact._replace(state="resolved") in facts for fact in facts)


def give_past(past: Past, world: World, host: Host) -> None:
    """Write the history of a host that has not started, and let the services go on with the same traffic."""
    write_history(past, world.catalogue, host.release, host.programs, host.history)
    for service, rate in past.rates.items():
        world.services.rate(service, rate)


def describe(stack: Stack) -> str:
    """Addresses of a running stack, for people, as JSON."""
    host = stack.host
    return json.dumps(
        {
            "prometheus": host.prometheus.url,
            "alertmanager": host.alertmanager.url,
            "blackbox": host.blackbox.url,
            "pagerduty": stack.world.pagerduty.url,
            "slack": stack.world.slack.url,
            "mail": stack.world.mail.address,
            "aws": stack.cloud.localstack.url if stack.cloud else None,
            "run": str(stack.run_dir),
        },
        indent=2,
    )
