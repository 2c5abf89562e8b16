"""Many failures in one run: each has its page, so that none waits for another."""

import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.harness.errors import HarnessError
from tests.harness.latency.budget import KINDS, Budget, Kind, budget
from tests.harness.progress import say, step
from tests.harness.stack import Stack, without_aws
from tests.harness.standins.recorder import Delivery, texts

PLANES = 20
SPREAD_S = 60.0  # the failures' moments lie anywhere within it: at any phase of scrapes and evaluations
LATE_S = 60.0  # waited beyond the worst case before a page counts as lost


class Measured(NamedTuple):
    """One page: `seconds` from the failure to PagerDuty's being asked."""

    kind: Kind
    service: str
    seconds: float


class Setting(NamedTuple):
    """Pages of one `page_timings`: the worst case by its numbers, and what was measured."""

    name: str
    limit: Budget
    measured: tuple[Measured, ...]


def platform() -> dict[str, Any]:
    """A catalogue of planes of two services: more than two down in one plane would be told as one."""
    services = {
        f"{kind}-{number:02}": {
            "plane": f"plane-{number:02}",
            "metrics": {"targets": [f"{kind}-{number:02}:8080"]},
            "probes": [{"http": f"http://{kind}-{number:02}:8080/health"}],
        }
        for number in range(1, PLANES + 1)
        for kind in KINDS
    }
    return {
        "name": "latency",
        "planes": {f"plane-{number:02}": {} for number in range(1, PLANES + 1)},
        "services": services,
        "severities": {
            "critical": {"pagerduty": "pagerduty_key", "slack": "#critical"},
            "warning": {"slack": "#warnings"},
        },
    }


def measure(name: str, timings: str, run_dir: Path) -> Setting:
    """Run the platform with these timings (of `stack.TIMINGS`), let everything fail once, and wait for all pages."""
    example = run_dir / "platform"
    example.mkdir()
    (example / "platform.yaml").write_text(yaml.safe_dump(platform()))
    with without_aws(run_dir, timings, example) as stack:
        limit = budget(stack.rendered.files)
        with step(f"{2 * PLANES} services fail, {name} page timings"):
            failed = _fail(stack)
        with step("every page has come"):
            return Setting(name, limit, tuple(_wait(stack, service, at, limit) for service, at in failed.items()))


def _fail(stack: Stack) -> Mapping[str, float]:
    """Let each service fail at a moment of its own; service => Unix seconds."""
    moments = sorted((random.uniform(0, SPREAD_S), service) for service in stack.world.services.names())
    began, failed = time.time(), {}
    for moment, service in moments:
        time.sleep(max(0.0, began + moment - time.time()))
        failed[service] = time.time()
        stack.world.services.kill(service) if _kind(service) == "kill" else stack.world.services.hang(service)
    return failed


def _kind(service: str) -> Kind:
    return "kill" if service.startswith("kill") else "hang"


def _wait(stack: Stack, service: str, failed: float, limit: Budget) -> Measured:
    kind = _kind(service)
    left = failed + limit.worst(kind) + LATE_S - time.time()
    page = stack.world.recorder.wait(lambda delivery: _pages(delivery, service), max(left, 1.0), failed)
    if page is None:
        raise HarnessError(f"{service} is down and nobody is paged after {limit.worst(kind) + LATE_S:.0f} s")
    say(f"    {service} paged after {page.at - failed:.1f} s")
    return Measured(kind, service, page.at - failed)


def _pages(delivery: Delivery, service: str) -> bool:
    """Whether it says to PagerDuty that this service is down, and PagerDuty takes it."""
    page = delivery.receiver == "pagerduty" and delivery.state == "firing" and not delivery.problem
    return page and "ServiceDown" in delivery.names and f"service={service}" in " ".join(texts(delivery.body)).split()
