"""Every window is exact over a month of restarts, gaps and missed evaluations, by the rendered rules on a real server.

Windows up to 6 hours: the bad share lies within the true shares of windows whose edges move by a scrape at most. Longer
ones, and the budget: the true share up to the last event that was rolled up.
"""

import itertools
import json
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.harness import promtool
from tests.harness.debian import programs
from tests.harness.layers import Layers, evaluated
from tests.harness.prometheus import Prometheus
from tests.rules.month import DAYS, EVALUATED_S, ROLLUP_S, STEP_S, Month, Truth, month

ID = "control_plane"
HOUR_S, DAY_S = 3600, 86400
SHORT_S = {"5m": 300, "30m": 1800, "1h": HOUR_S, "2h": 2 * HOUR_S, "6h": 6 * HOUR_S}
LONG_S = {"1d": DAY_S, "3d": 3 * DAY_S, "30d": 30 * DAY_S}
LAG_S = 30  # what is rolled up ended so long ago
CHECKS = 40
ENOUGH_BAD = 20
BUDGET = 0.001


class Recorded:
    """The month on a server, with all that the rules recorded of it. `begin` is Unix time."""

    def __init__(self, month: Month, rules: dict[str, str], prometheus: Prometheus, begin: int) -> None:
        self.month, self.rules, self.prometheus, self.begin = month, rules, prometheus, begin
        self.bad = Truth(one for (_, status), one in month.samples.items() if status == "500")
        self.total = Truth(month.samples.values())

    def value(self, record: str, at: float) -> float:
        """What the rule records at a moment of the month."""
        value = self.prometheus.value(inlined(self.rules, f"slo:{ID}:{record}"), self.begin + at)
        assert value is not None
        return value

    def share(self, begin: float, end: float) -> float:
        """The true share of bad events."""
        return self.bad.between(begin, end) / self.total.between(begin, end)


def inlined(rules: dict[str, str], record: str) -> str:
    """A rule's expression down to what was recorded in layers: events and roll-ups."""
    return re.sub(
        rf"slo:{ID}:(?:availability|error_budget):\w+", lambda found: f"({inlined(rules, found[0])})", rules[record]
    )


@pytest.fixture(scope="module")
def recorded(rules: dict[str, promtool.Rules], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    groups = promtool.select(rules, {"slos.yml": [f"slo-{ID}", f"slo-{ID}-budget"]})["slos.yml"]["groups"]
    written = {rule["record"]: rule for group in groups for rule in group["rules"] if "record" in rule}
    begin = (int(time.time()) // DAY_S - DAYS - 1) * DAY_S
    past = month(seed=1)
    layers = Layers(programs("bookworm"), tmp_path_factory.mktemp("month"))
    evaluations, rollups = ([float(begin + at) for at in times] for times in (past.evaluations, past.rollups))
    layers.write(scraped(past, begin))
    for names, times, step_s in (
        (["events:seen"], evaluations, STEP_S),
        (["objective:ratio"], rollups, ROLLUP_S),
        (["events:total", "events:bad"], evaluations, STEP_S),
        (["events:total_rollup", "events:bad_rollup"], rollups, ROLLUP_S),
    ):
        with layers.server() as prometheus:
            layers.write(
                itertools.chain.from_iterable(
                    lines(prometheus, written[f"slo:{ID}:{name}"], times, step_s) for name in names
                )
            )
    with layers.server() as prometheus:
        yield Recorded(past, {name: rule["expr"] for name, rule in written.items()}, prometheus, begin)


def scraped(month: Month, begin: int) -> Iterator[str]:
    yield "# TYPE http_requests counter\n"
    for (replica, status), samples in month.samples.items():
        labels = f'{{job="o",plane="control",service="o",instance="{replica}",status="{status}"}}'
        yield from (f"http_requests_total{labels} {count} {begin + at}\n" for at, count in samples)


def lines(prometheus: Prometheus, rule: Mapping[str, Any], times: Sequence[float], step_s: int) -> Iterator[str]:
    """What the rule recorded, as Prometheus labels it."""
    yield f"# TYPE {rule['record']} gauge\n"
    for found, points in evaluated(prometheus, rule["expr"], times, step_s):
        labels = {**{name: value for name, value in found.items() if name != "__name__"}, **rule["labels"]}
        shown = ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
        yield from (f"{rule['record']}{{{shown}}} {value!r} {at:.3f}\n" for at, value in points)


def test_something_of_everything_happened(recorded: Recorded) -> None:
    every = DAYS * DAY_S // STEP_S
    assert len(recorded.month.evaluations) < every * 0.998
    assert len(recorded.month.rollups) < DAYS * DAY_S // ROLLUP_S * 0.995
    falls = sum(new < old for one in recorded.month.samples.values() for (_, old), (_, new) in itertools.pairwise(one))
    assert falls > 75


@pytest.mark.parametrize("window", SHORT_S)
def test_a_short_window_is_true_within_one_scrape_at_its_edges(window: str, recorded: Recorded) -> None:
    checked = 0
    for at in random.Random(window).sample(recorded.month.evaluations[7 * HOUR_S // STEP_S :], CHECKS):
        begin = at - SHORT_S[window]
        if recorded.bad.between(begin + STEP_S, at - STEP_S) < ENOUGH_BAD:
            continue
        moves = range(-STEP_S, STEP_S + 1, 5)
        shares = [recorded.share(begin + left, at + right) for left in moves for right in moves]
        share = 1 - recorded.value(f"availability:ratio_{window}", at)
        assert min(shares) * 0.999 <= share <= max(shares) * 1.001, (window, at)
        checked += 1
    assert checked >= CHECKS / 2


@pytest.mark.parametrize("window", LONG_S)
def test_a_long_window_is_true_up_to_what_was_rolled_up(window: str, recorded: Recorded) -> None:
    for at, end in rolled_up(recorded.month, LONG_S[window]):
        share = recorded.share(end - LONG_S[window], end)
        ratio = recorded.value(f"availability:ratio_{window}", at)
        assert abs(ratio - (1 - share)) < 1e-6, (window, at)
        assert abs((1 - ratio) / share - 1) < 1e-4, (window, at)


def test_the_budget_is_true_up_to_what_was_rolled_up(recorded: Recorded) -> None:
    for at, end in rolled_up(recorded.month, LONG_S["30d"]):
        burnt = recorded.share(end - LONG_S["30d"], end) / BUDGET
        assert abs(recorded.value("error_budget:remaining", at) - (1 - burnt)) < burnt * 1e-4
        assert abs(recorded.value("error_budget:burn_rate_30d", at) / burnt - 1) < 1e-4


def rolled_up(month: Month, window_s: int) -> list[tuple[int, int]]:
    """Moments of roll-ups, each with the evaluation that it ends with; none whose far edge was not evaluated."""
    evaluated, rolled = set(month.evaluations), set(month.rollups)
    last = [(at, (at - LAG_S - EVALUATED_S) // STEP_S * STEP_S + EVALUATED_S) for at in month.rollups]
    sound = [
        (at, end)
        for at, end in last
        if end in evaluated and {end - window_s, end - window_s + STEP_S} <= evaluated
        and {at - window_s, at - window_s + ROLLUP_S} <= rolled
    ]  # fmt: skip
    return random.Random(window_s).sample(sound, min(CHECKS, len(sound)))
