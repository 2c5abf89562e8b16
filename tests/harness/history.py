"""The past of a platform, written into a TSDB before its Prometheus starts.

What services counted is given as raw counters; what Prometheus made of them is made by the rendered recording rules
themselves, evaluated over those counters at their own interval. Of the days before, only the roll-ups are written: they
are what the rules would have recorded of the same traffic.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.harness.debian import Programs
from tests.harness.errors import HarnessError
from tests.harness.process import Supervisor, run
from tests.harness.progress import step
from tests.harness.prometheus import backfill, start

SCRAPE_S = 15
HOUR_S, DAY_S = 3600, 86400
ONE_BLOCK_S = 486 * HOUR_S  # the next length above ten days that promtool knows
EARLIER = "earlier-replica:80"  # who counted then: a counter that starts again at zero would be no history of its own
UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
EVALUATION_TIMEOUT_S = 120.0

Group = dict[str, Any]


class Past(NamedTuple):
    """Steady traffic: `rates` are requests a second by service, of which `error_share` (0 to 1) ended in a 500.

    Raw counters reach back for `hours` (more than the longest window over them), roll-ups for `days`.
    """

    rates: Mapping[str, float]
    error_share: float = 0.0001
    hours: int = 7
    days: int = 10


class Counter(NamedTuple):
    """Requests of one service with one status: `rate` a second since `origin` (Unix seconds)."""

    labels: Mapping[str, str]
    rate: float
    origin: float

    def at(self, when: float) -> int:
        """What it shows then: whole requests, as a real service counts."""
        return int(self.rate * (when - self.origin))


class Slo(NamedTuple):
    """An SLO on requests: what it counts, and its rendered groups reduced to the rules that record of what.

    `noted` are the counters as they were seen, `events` what these grew by, `begun` is written with every roll-up.
    """

    id: str
    counters: Sequence[Counter]
    noted: Group
    events: Group
    begun: Group
    rollups: Group


def write_history(past: Past, catalogue: Mapping[str, Any], release: Path, programs: Programs, data: Path) -> None:
    """Fill the TSDB folder `data` of a Prometheus that is to start now with the release in that folder.

    `catalogue` is the normalised one that the release was rendered from.
    """
    now = int(time.time())
    begin, hours_ago = now - past.days * DAY_S, now - past.hours * HOUR_S
    config = yaml.safe_load((release / "prometheus/prometheus.yml").read_text())
    rules = yaml.safe_load((release / "prometheus/rules/slos.yml").read_text())
    counters = list(_counters(past, config["scrape_configs"], begin))
    slos = list(_slos(catalogue["slos"], rules["groups"], counters))
    lines = openmetrics(counters, slos, begin, (hours_ago, now))
    backfill(programs.promtool, lines, data, block_s=ONE_BLOCK_S)
    with step(f"recording rules evaluated over {past.hours} hours of history"):
        # Each reads those before it, and a Prometheus finds new blocks when it starts.
        notes = [group for slo in slos for group in (slo.noted, slo.begun)]
        for level in (notes, [slo.events for slo in slos], [slo.rollups for slo in slos]):
            evaluate(level, config["global"]["evaluation_interval"], (hours_ago, now), programs, data)


# ---------------------------------------------------------------- what was counted


def _counters(past: Past, jobs: Sequence[dict[str, Any]], origin: float) -> Iterator[Counter]:
    labels = _target_labels(jobs)
    for service, rate in past.rates.items():
        if service not in labels:
            raise HarnessError(f"nothing is scraped for {service}: it can have no past")
        for status, share in (("200", 1 - past.error_share), ("500", past.error_share)):
            yield Counter({**labels[service], "method": "GET", "status": status}, rate * share, origin)


def _target_labels(jobs: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """What Prometheus adds to the scraped series of each service."""
    return {
        static["labels"]["service"]: {**static["labels"], "job": job["job_name"], "instance": EARLIER}
        for job in jobs
        for static in job["static_configs"]
        if "relabel_configs" not in job and "service" in static.get("labels", {})
    }


def _slos(slos: Mapping[str, Any], rules: Sequence[Group], counters: Sequence[Counter]) -> Iterator[Slo]:
    """The SLOs on requests that count any of these counters."""
    groups = {group["name"]: group for group in rules}
    for id, slo in slos.items():
        counted = [counter for counter in counters if _counts(slo, counter)]
        if slo["sli"]["kind"] == "requests" and counted:
            paging, budget = groups[f"slo-{id}"], groups[f"slo-{id}-budget"]
            yield Slo(
                id,
                counted,
                noted=_recording(paging, f"slo:{id}:events:seen"),
                events=_recording(paging, f"slo:{id}:events:total", f"slo:{id}:events:bad"),
                begun=_recording(budget, f"slo:{id}:objective:ratio"),
                rollups=_recording(budget, f"slo:{id}:events:total_rollup", f"slo:{id}:events:bad_rollup"),
            )


def _counts(slo: Mapping[str, Any], counter: Counter) -> bool:
    return all(counter.labels[label] == slo[label] for label in ("plane", "service") if slo[label])


def _recording(group: Group, *series: str) -> Group:
    return {**group, "rules": [rule for rule in group["rules"] if rule.get("record") in series]}


# ---------------------------------------------------------------- what is written


def openmetrics(
    counters: Sequence[Counter], slos: Sequence[Slo], begin: int, between: tuple[int, int]
) -> Iterator[str]:
    """Lines of OpenMetrics text: the counters between two instants, and roll-ups from `begin` to the first of them."""
    start, end = between
    yield from _raw(counters, range(start, end + 1, SCRAPE_S))
    for slo in slos:
        yield from _rolled_up(slo, begin, start)
    yield "# EOF\n"


def _raw(counters: Sequence[Counter], times: Sequence[int]) -> Iterator[str]:
    yield "# TYPE http_requests counter\n"
    for counter in counters:
        for when in times:
            yield f"http_requests_total{_braces(counter.labels)} {counter.at(when)} {when}\n"


def _rolled_up(slo: Slo, begin: int, end: int) -> Iterator[str]:
    """What the roll-up rules would have recorded between two instants."""
    every = seconds(slo.rollups["interval"])
    times = [begin + number * every for number in range(int((end - begin) / every))]
    failed = [counter for counter in slo.counters if counter.labels["status"].startswith("5")]
    for events, counted in (("total", slo.counters), ("bad", failed)):
        series = f"slo:{slo.id}:events:{events}_rollup"
        labels = _braces(slo.events["rules"][0]["labels"])
        counts = [sum(counter.at(when) for counter in counted) for when in times]
        yield f"# TYPE {series} gauge\n"
        for when, before, after in zip(times[1:], counts, counts[1:], strict=False):
            yield f"{series}{labels} {after - before} {when:.3f}\n"


def _braces(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"


def seconds(duration: str) -> float:
    """A duration of Prometheus, "4m" or "1m500ms", in seconds."""
    return sum(float(number) * UNIT_S[unit] for number, unit in re.findall(r"(\d+)(ms|[smhd])", duration))


def rules_file(data: Path) -> Path:
    """Where the rules lie that are evaluated over the past of `data`: a server that reads its rules there evaluates
    them at the same phases of their intervals, for these hang on file and group."""
    return data.with_name(f"{data.name}-rules") / "rules.yml"


def evaluate(groups: Sequence[Group], interval: str, between: tuple[int, int], programs: Programs, data: Path) -> None:
    """Have a Prometheus on `data` evaluate recording rules for the past, and keep what they record there."""
    rules = rules_file(data)
    folder = rules.parent
    folder.mkdir(exist_ok=True)
    rules.write_text(yaml.safe_dump({"groups": list(groups)}))
    config = folder / "prometheus.yml"
    config.write_text("{}\n")
    with Supervisor(folder) as supervisor:
        prometheus = start(supervisor, programs, config, data)
        log = supervisor.processes["prometheus"].log
        begin, end = between
        done = run(
            [
                programs.promtool, "tsdb", "create-blocks-from", "rules", f"--url={prometheus.url}", "--quiet",
                f"--start={begin}", f"--end={end}", f"--eval-interval={interval}", f"--output-dir={data}",
                rules,
            ],
            timeout_s=EVALUATION_TIMEOUT_S,
        )  # fmt: skip
    if done.returncode:
        raise HarnessError(f"promtool could not evaluate rules: {(done.stderr or done.stdout).strip()[-400:]}", log)
