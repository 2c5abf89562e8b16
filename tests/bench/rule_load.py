"""Traffic for the rules to count: what services export right now, and their past as OpenMetrics text.

A service has three replicas that count requests by status and measure them in a histogram. Counters are functions of
time, so that what is scraped goes on where the past ends.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import promql_parser as promql

from tests.harness.history import seconds

REPLICAS = ("a", "b", "c")
RATES = {"200": 9.7, "404": 0.29, "500": 0.01}  # requests a second of one replica
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf")
SCRAPE_S = 15
MINUTE_S, DAY_S = 60, 86400

Rules = Sequence[Mapping[str, Any]]  # groups of a rule file


def service(number: int) -> str:
    """The name of a service."""
    return f"s{number}"


class Counter(NamedTuple):
    """One counter: its text up to the value, and how fast it grows."""

    series: str
    rate: float

    def at(self, when: float) -> int:
        """What it shows then (Unix seconds): whole requests. It started at some moment of 2001."""
        return int(self.rate * (when - 1e9))


def counters(name: str) -> list[Counter]:
    """Requests of one service."""
    labels = f'job="{name}",plane="p",service="{name}"'
    return [
        Counter(f'http_requests_total{{{labels},instance="{replica}",status="{status}"}}', rate)
        for replica in REPLICAS
        for status, rate in RATES.items()
    ]  # fmt: skip


def buckets(name: str) -> list[Counter]:
    """The histogram of one service's requests."""
    labels = f'job="{name}",plane="p",service="{name}"'
    return [
        Counter(
            f'http_request_duration_seconds_bucket{{{labels},instance="{replica}",le="{bound}"}}',
            sum(RATES.values()) * (place + 1) / len(BOUNDS),
        )
        for replica in REPLICAS
        for place, bound in enumerate(BOUNDS)
    ]


def exported(number: int) -> Callable[[], str]:
    """What so many services export whenever they are asked."""
    shown = [counter for group in (counters, buckets) for at in range(number) for counter in group(service(at))]

    def metrics() -> str:
        now = time.time()
        return "".join(f"{counter.series} {counter.at(now)}\n" for counter in shown)

    return metrics


# ---------------------------------------------------------------- the past


def past_of_counters(numbers: Iterable[int], lasts_s: int, now: int) -> Iterator[str]:
    """Requests as they were scraped, every 15 s."""
    for number in numbers:
        for counter in counters(service(number)):
            for when in range(now - lasts_s, now, SCRAPE_S):
                yield f"{counter.series} {counter.at(when)} {when}\n"


class Looked(NamedTuple):
    """A recorded name that rules look back on: its series, how often it is recorded, and how far they look."""

    name: str
    series: tuple[Counter, ...]
    every_s: float
    back_s: float


def looked_back_on(groups: Rules, default_every: str) -> list[Looked]:
    """What these groups record and any of their rules reads over a range."""
    back: dict[str, float] = {}
    for rule in (rule for group in groups for rule in group["rules"]):
        for name, range_s in _ranges(str(rule["expr"])):
            back[name] = max(range_s, back.get(name, 0.0))
    return [
        Looked(name, _series(rule, every_s), every_s, back[name])
        for group in groups
        for every_s in [seconds(group.get("interval", default_every))]
        for rule in group["rules"]
        if (name := rule.get("record", "")) in back
    ]


def _series(rule: Mapping[str, Any], every_s: float) -> tuple[Counter, ...]:
    """One series, or what is noted of a service's counters: theirs under another name."""
    labels = ",".join(f'{label}="{value}"' for label, value in rule.get("labels", {}).items())
    if counted := re.fullmatch(r'http_requests_total\{.*service="(\w+)".*\}', str(rule["expr"])):
        return tuple(
            counter._replace(series=f"{rule['record']}{{{labels},{counter.series.partition('{')[2]}")
            for counter in counters(counted[1])
        )
    events = sum(RATES.values()) * len(REPLICAS) * every_s
    return (Counter(f"{rule['record']}{{{labels}}}", events * (0.0005 if "bad" in rule["record"] else 1)),)


def _ranges(expr: str) -> list[tuple[str, float]]:
    """Each name that is read over a range, and the seconds that it reaches back."""
    found: list[tuple[str, float]] = []

    def look(node: Any) -> bool:
        if isinstance(node, promql.MatrixSelector) and node.vector_selector.name:
            offset = node.vector_selector.offset
            reach = node.range + offset if offset else node.range
            found.append((node.vector_selector.name, reach.total_seconds()))
        return True

    promql.walk(promql.parse(expr), look)
    return found


def past_of_records(looked: Iterable[Looked], now: int) -> Iterator[str]:
    """Recorded values: what a service's traffic would have given, give or take; notes of counters as they were."""
    for record in looked:
        times = [now - number * record.every_s for number in range(int(record.back_s / record.every_s), 0, -1)]
        yield f"# TYPE {record.name} gauge\n"
        for one in record.series:
            for number, when in enumerate(times):
                shown = one.at(when) if len(record.series) > 1 else int(one.rate * (1 + (number * 7919 % 13 - 6) / 60))
                yield f"{one.series} {shown} {when:.3f}\n"
