"""How long a page takes with production's timings, measured: `python -m tests.harness.latency [RUNS]`.

In every run one service is killed (connections are refused) and one of the other plane hangs (connections are taken,
nothing is answered), at a random moment of the scrape interval. Each has its page, so that none waits for another.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import yaml
from rich.console import Console
from rich.table import Table

from tests.harness import paths, process
from tests.harness.errors import HarnessError
from tests.harness.history import seconds
from tests.harness.progress import say
from tests.harness.stack import Stack, without_aws
from tests.harness.standins.recorder import Delivery, texts

Kind = Literal["kill", "hang"]

BOUNDS_S: Mapping[Kind, float] = {"kill": 125, "hang": 135}
RESULT = paths.BUILD / "latency.json"

# Each fails once. For 15 minutes after an alert's end Prometheus goes on telling Alertmanager so, which keeps the
# page's group alive: what fails again within that time may wait for a group_interval.
PAIRS: tuple[Mapping[Kind, str], ...] = (
    {"kill": "cns-service", "hang": "tenant-management"},
    {"kill": "django-backend", "hang": "temporal-workers"},
    {"kill": "supabase-db", "hang": "orchestrator"},
    {"kill": "rabbitmq", "hang": "keycloak"},
    {"kill": "temporal", "hang": "customer-portal"},
)


class Budget(NamedTuple):
    """The worst case by the configured numbers, in seconds."""

    scrape_interval: float
    scrape_timeout: float
    evaluation_interval: float
    hold: float
    group_wait: float
    delivery: float = 5.0  # Alertmanager's own work and PagerDuty's answer

    def worst(self, kind: Kind) -> float:
        waits = self.scrape_interval + self.evaluation_interval + self.hold + self.group_wait + self.delivery
        return waits + (self.scrape_timeout if kind == "hang" else 0)


class Measured(NamedTuple):
    """One page: `seconds` from the failure to PagerDuty's being asked."""

    run: int
    kind: Kind
    service: str
    seconds: float


def budget(files: Mapping[str, str]) -> Budget:
    """Read off a rendered release."""
    prometheus = yaml.safe_load(files["prometheus/prometheus.yml"])["global"]
    groups = yaml.safe_load(files["prometheus/rules/critical.yml"])["groups"]
    group, hold = next((g, r["for"]) for g in groups for r in g["rules"] if r.get("alert") == "ServiceDown")
    root = yaml.safe_load(files["alertmanager/alertmanager-production.yml"])["route"]
    page = next((route for route in root["routes"] if route["receiver"] == "pagerduty-critical"), root)
    numbers = (
        prometheus["scrape_interval"],
        prometheus["scrape_timeout"],
        group.get("interval", prometheus["evaluation_interval"]),
        hold,
        page.get("group_wait", root["group_wait"]),
    )
    return Budget(*(seconds(number) for number in numbers))


def measure(stack: Stack, run: int) -> list[Measured]:
    """Let one service be killed and one hang, wait for both pages, and bring both back."""
    services, pair = stack.world.services, PAIRS[run - 1]
    limit = budget(stack.rendered.files)
    failed: dict[Kind, float] = {}
    for kind, service in pair.items():
        time.sleep(random.uniform(0, limit.scrape_interval))
        failed[kind] = time.time()
        services.kill(service) if kind == "kill" else services.hang(service)
    measured = []
    for kind, began in failed.items():
        page = _page(stack, pair[kind], began, 2 * limit.worst(kind))
        if page is None:
            raise HarnessError(f"{pair[kind]} is down and nobody is paged after {2 * limit.worst(kind):.0f} s")
        measured.append(Measured(run, kind, pair[kind], page.at - began))
        say(f"  run {run}: {pair[kind]} ({kind}) paged after {page.at - began:.1f} s")
    for service in pair.values():
        services.recover(service)
    return measured


def _page(stack: Stack, service: str, since: float, timeout_s: float) -> Delivery | None:
    """The first request to PagerDuty that says that this service is down, and that PagerDuty takes."""
    alert = stack.world.catalogue["services"][service]["down_alert"]

    def is_it(delivery: Delivery) -> bool:
        page = delivery.receiver == "pagerduty" and delivery.state == "firing" and not delivery.problem
        words = " ".join(texts(delivery.body)).split()
        return page and alert in delivery.names and f"service={service}" in words

    return stack.world.recorder.wait(is_it, timeout_s, since)


# ---------------------------------------------------------------- what is told


def table(measured: Sequence[Measured], limit: Budget) -> Table:
    """A row for each run, then the smallest, the middle, the largest, the worst by configuration and the bound."""
    result = Table("run", *BOUNDS_S, title="From the failure to the page, seconds")
    for run in sorted({one.run for one in measured}):
        mine = {one.kind: one for one in measured if one.run == run}
        result.add_row(str(run), *(f"{mine[kind].seconds:.1f} ({mine[kind].service})" for kind in BOUNDS_S))
    result.add_section()
    by_kind = {kind: [one.seconds for one in measured if one.kind == kind] for kind in BOUNDS_S}
    for name, of in (("smallest", min), ("middle", statistics.median), ("largest", max)):
        result.add_row(name, *(f"{of(by_kind[kind]):.1f}" for kind in BOUNDS_S))
    result.add_section()
    result.add_row("worst by configuration", *(f"{limit.worst(kind):.0f}" for kind in BOUNDS_S))
    result.add_row("bound", *(f"{bound:.0f}" for bound in BOUNDS_S.values()))
    return result


def explain(limit: Budget) -> str:
    """The sum behind the worst case, part by part."""
    parts = {
        "until the next scrape": limit.scrape_interval,
        "until the next evaluation": limit.evaluation_interval,
        "ServiceDown holds": limit.hold,
        "group_wait": limit.group_wait,
        "delivery": limit.delivery,
    }
    lines = [f"  {name:<42}{value:>6.0f} s" for name, value in parts.items()]
    lines.append(f"  {'worst case when connections are refused':<42}{limit.worst('kill'):>6.0f} s")
    lines.append(f"  {'scrape timeout, when it hangs':<42}{limit.scrape_timeout:>6.0f} s")
    lines.append(f"  {'worst case when it hangs':<42}{limit.worst('hang'):>6.0f} s")
    return "\n".join(lines)


def summary(measured: Sequence[Measured], limit: Budget) -> dict[str, Any]:
    """What build/latency.json holds."""
    return {
        "configured": limit._asdict(),
        "worst": {kind: limit.worst(kind) for kind in BOUNDS_S},
        "bounds": dict(BOUNDS_S),
        "measured": [one._asdict() for one in measured],
        "broken": [one._asdict() for one in broken(measured)],
    }


def broken(measured: Sequence[Measured]) -> list[Measured]:
    """The pages that came later than their bound."""
    return [one for one in measured if one.seconds > BOUNDS_S[one.kind]]


def main(runs: int = len(PAIRS)) -> int:
    console = Console(highlight=False)
    if not 1 <= runs <= len(PAIRS):
        print(f"✗ {runs} runs: there are services for 1 to {len(PAIRS)}", file=sys.stderr)
        return 2
    process.stop_on_sigterm()
    measured: list[Measured] = []
    try:
        with without_aws(paths.new_run("latency"), "production") as stack:
            limit = budget(stack.rendered.files)
            console.print(explain(limit))
            for run in range(1, runs + 1):
                measured += measure(stack, run)
    except HarnessError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(summary(measured, limit), indent=2) + "\n")
    console.print(table(measured, limit))
    late = broken(measured)
    for one in late:
        console.print(f"✗ run {one.run}: {one.service} ({one.kind}) paged after {one.seconds:.1f} s, bound "
                      f"{BOUNDS_S[one.kind]:.0f} s")  # fmt: skip
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:2])))
