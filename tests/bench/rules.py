"""What the SLO rules cost a Prometheus, beside rules of the common generators' shape on the same data.

CPU of the whole process without that of scraping, per SLO and interval of 15 s. Groups of longer intervals are measured
at 15 s and count by their share; with 1,000 SLOs all run at their own intervals.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.bench import peer_rules
from tests.bench.part import Part, Row
from tests.bench.rule_load import DAY_S, MINUTE_S, SCRAPE_S, looked_back_on, past_of_counters, past_of_records, service
from tests.bench.rule_server import EVALUATION_S, Cost, RuleServer, rule_server
from tests.harness import paths
from tests.harness.debian import programs
from tests.harness.history import seconds
from tests.harness.progress import step
from tests.harness.render import render

SUITES = ("bookworm", "trixie")
SLOS, FEW, MANY = 100, 10, 1000
PEER_SERVICES, PEER_SLOS = 5, 20  # 31 days of five services, and enough SLOs on them to be measured
MEASURED_S = 30
WHOLE_ROUND_S = 240  # the longest interval of a group: each runs once at least
CORES = 2

Group = dict[str, Any]


def run() -> Iterator[Row]:
    """Every row; takes about twenty minutes."""
    for suite in SUITES:
        yield from _suite(suite, scaled=suite == SUITES[0])


def versions() -> Mapping[str, str]:
    """The servers that were measured."""
    return {f"Prometheus of {suite}": programs(suite).versions["prometheus"] for suite in SUITES}


PART = Part("rules", run, versions)


class PerSlo(NamedTuple):
    """CPU milliseconds per SLO and interval: of the groups that count and page, and of all."""

    paging: float
    everything: float


def _suite(suite: str, scaled: bool) -> Iterator[Row]:
    groups = slo_groups(SLOS)
    now = int(time.time())
    past = _past(groups, now, raw_days=3)
    with rule_server(programs(suite), SLOS, past) as server:
        idle = server.cost(f"{suite}, scraping alone", [], MEASURED_S)
        peer = server.cost(f"{suite}, the peers' shape", peer_rules.groups(PEER_SLOS, PEER_SERVICES), MEASURED_S)
        peer_series = server.series("slo_id") / PEER_SLOS
        made = peer_rules.groups(PEER_SLOS, PEER_SERVICES, long=False)
        short = server.cost(f"{suite}, the peers' shape without its 30d rule", made, MEASURED_S)
        ours = _ours(server, suite, groups, SLOS, idle)
        few = _ours(server, suite, groups_of(groups, FEW), FEW, idle).everything if scaled else None
    whole, without_30d = (_ms(cost, idle, PEER_SLOS) for cost in (peer, short))
    yield _beside(f"{suite}: availability, burn rates and paging", ours.paging, whole, 0.12)
    yield _beside(f"{suite}: everything", ours.everything, whole, 0.20)
    yield _beside(f"{suite}: everything, beside the shape without its 30d rule", ours.everything, without_30d, 0.5)
    yield Row(f"{suite}: series that the peers' shape records per SLO", peer_series, "")
    if few is not None:
        yield Row(f"{suite}: {FEW} SLOs, CPU per SLO", few, "ms")
        yield Row(f"{suite}: {SLOS} SLOs, CPU per SLO", ours.everything, "ms")
        yield from _many(suite, ours.everything)


def _beside(what: str, ours: float, theirs: float, limit: float) -> Row:
    return Row(what, ours / theirs, "×", limit, f"{ours:.1f} ms beside {theirs:.1f} ms per SLO and interval")


def _many(suite: str, usual: float) -> Iterator[Row]:
    groups = slo_groups(MANY)
    past = _past(groups, int(time.time()), raw_days=0)
    with rule_server(programs(suite), MANY, past) as server:
        idle = server.cost(f"{suite}, {MANY} services, scraping alone", [], MEASURED_S)
        cost = server.cost(f"{suite}, {MANY} SLOs", groups, WHOLE_ROUND_S)
        series, each = server.series("slo") / MANY, _ms(cost, idle, MANY)
        share = (cost.cpu_s - idle.cpu_s) / EVALUATION_S / CORES
        yield Row(f"{suite}: {MANY:,} SLOs, CPU per SLO", each, "ms")
        yield Row(f"{suite}: {MANY:,} SLOs, series recorded per SLO", series, "", note="9 of them note counters")
        yield Row(f"{suite}: {MANY:,} SLOs beside {SLOS}, CPU per SLO", each / usual, "×", 1.25)
        yield Row(f"{suite}: {MANY:,} SLOs, share of {CORES} cores", share * 100, "%", 45, f"{WHOLE_ROUND_S} s")
        yield Row(f"{suite}: {MANY:,} SLOs, missed iterations", cost.missed, "", 0)


def _ours(server: RuleServer, suite: str, groups: Sequence[Group], slos: int, idle: Cost) -> PerSlo:
    """Each kind of groups by itself at 15 s; what runs more seldom counts by its share."""
    cost = {}
    for every_s in sorted({_every(group) for group in groups}):
        alike = [{**group, "interval": f"{EVALUATION_S}s"} for group in groups if _every(group) == every_s]
        measured = server.cost(f"{suite}, {slos} SLOs, groups of every {every_s:.0f} s", alike, MEASURED_S)
        cost[every_s] = _ms(measured, idle, slos) * EVALUATION_S / every_s
    details = cost[4 * EVALUATION_S]
    return PerSlo(sum(cost.values()) - details, sum(cost.values()))


def _ms(cost: Cost, idle: Cost, slos: int) -> float:
    return (cost.cpu_s - idle.cpu_s) / slos * 1000


def _every(group: Group) -> float:
    return seconds(group.get("interval", f"{EVALUATION_S}s"))


# ---------------------------------------------------------------- what is rendered and written


def slo_groups(slos: int) -> list[Group]:
    """The SLO rules of a platform in which every service has a paging SLO with both latency targets."""
    names = [service(number) for number in range(slos)]
    catalogue = {
        "name": "bench",
        "planes": {"p": {}},
        "services": {name: {"plane": "p", "metrics": {"targets": [f"{name}:1"]}} for name in names},
        "slos": {
            name: {
                "objective": 99.9,
                "pages": True,
                "sli": {"requests": {"service": name}},
                "latency": {"p95": 0.5, "p99": 2.5},
            }
            for name in names
        },
        "severities": {"critical": {"slack": "#bench"}, "warning": {"slack": "#bench"}},
    }
    with step(f"rules of {slos} SLOs rendered"), tempfile.TemporaryDirectory() as folder:
        platform = Path(folder) / "platform.yaml"
        platform.write_text(yaml.safe_dump(catalogue))
        rendered = render(paths.ROOT / "examples/minimal", catalogue=platform)
    groups: list[Group] = yaml.load(rendered.files["prometheus/rules/slos.yml"], Loader=yaml.CSafeLoader)["groups"]
    return groups


def groups_of(groups: Iterable[Group], slos: int) -> list[Group]:
    """Those of the first SLOs."""
    first = {service(number) for number in range(slos)}
    return [group for group in groups if group["name"].split("-")[1] in first]


def _past(groups: Sequence[Group], now: int, raw_days: int) -> Iterator[str]:
    """Counters of the last quarter of an hour, of some services for days; all that the rules look back on."""
    looked = looked_back_on(groups, f"{EVALUATION_S}s")
    services = len({group["name"].split("-")[1] for group in groups if group["name"] != "slo-budgets"})
    long = PEER_SERVICES if raw_days else 0
    yield "# TYPE http_requests counter\n"
    yield from past_of_counters(range(long), raw_days * DAY_S + 15 * MINUTE_S, now)
    yield from past_of_counters(range(long, services), 15 * MINUTE_S, now)
    if long:
        yield from peer_rules.past_of_ratios(long, 30 * DAY_S, now, SCRAPE_S)
    yield from past_of_records(looked, now)
    yield "# EOF\n"
