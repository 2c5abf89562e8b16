"""The events of an SLO are what the scrapes saw: through resets, missed scrapes, replaced replicas and idle gaps.

Truth: per series the sum of new - old, or of the new value after a reset, each dated by the later scrape. Windows of
up to 6 hours are sums of these events, so that their bad share is the true one of the same window.
"""

import random
from typing import NamedTuple

import pytest

from tests.harness import promtool
from tests.harness.traffic import TARGET

STEP_S = 15
SCRAPES = 4 * 60 * 4  # four hours
SUMS = {"total": ("200", "404", "500"), "bad": ("500",)}
RULES = {"slos.yml": ["slo-control_plane"]}
LABELS = '{plane="control",slo="control_plane"}'
WINDOWS_S = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200}


class Series(NamedTuple):
    """One counter as it was scraped: a value, None for a scrape that never came, "stale" for one that failed."""

    replica: str
    status: str
    samples: list[int | str | None]

    def events(self) -> dict[int, int]:
        """Scrape → what the counter has grown by since the one before."""
        grown, old = {}, None
        for i, sample in enumerate(self.samples):
            if isinstance(sample, int):
                if old is not None:
                    grown[i] = sample - old if sample >= old else sample
                old = sample
        return grown

    def as_input(self) -> dict[str, str]:
        name = TARGET.replace('instance="a"', f'instance="{self.replica}"')
        values = " ".join("_" if sample is None else str(sample) for sample in self.samples)
        return {"series": f'http_requests_total{{{name},status="{self.status}"}}', "values": values}


def traffic(seed: int) -> list[Series]:
    dice = random.Random(seed)
    return [series for replica in "abc" for series in replica_of(replica, dice)]


def replica_of(name: str, dice: random.Random) -> list[Series]:
    """One replica: restarted at times, missed by scrapes for up to twelve minutes, idle for hours, and soon gone."""
    born, dead = dice.randrange(0, SCRAPES // 4), dice.randrange(SCRAPES * 3 // 4, SCRAPES + 1)
    counts = dict.fromkeys(SUMS["total"], 0)
    samples: dict[str, list[int | str | None]] = {status: [] for status in counts}
    missing, idle = 0, 0
    for i in range(SCRAPES):
        missing = missing - 1 if missing else dice.choice((1, 2, 16, 50)) if dice.random() < 0.01 else 0
        idle = idle - 1 if idle else dice.randrange(240) if dice.random() < 0.005 else 0
        if dice.random() < 0.02:
            counts = dict.fromkeys(counts, 0)
        for status, weight in (("200", 50), ("404", 5), ("500", 2)):
            counts[status] += 0 if idle else dice.randrange(weight + 1)
            alive = born <= i < dead
            samples[status].append((dice.choice((None, "stale")) if missing else counts[status]) if alive else None)
    return [Series(name, status, values) for status, values in samples.items()]


def truth(series: list[Series], statuses: tuple[str, ...], first: int, last: int) -> int:
    """Events of the scrapes after `first` up to `last`."""
    return sum(grown for s in series if s.status in statuses for i, grown in s.events().items() if first < i <= last)


@pytest.mark.parametrize("seed", range(3))
def test_events_are_exactly_what_the_scrapes_saw(seed: int, rules: dict[str, promtool.Rules]) -> None:
    series = traffic(seed)
    checks = []
    for window, seconds in WINDOWS_S.items():
        for last in (SCRAPES - 1, SCRAPES * 3 // 4, SCRAPES // 2 + 7):
            first = last - seconds // STEP_S
            bad, total = (truth(series, SUMS[name], first, last) for name in ("bad", "total"))
            moment = f"{last * STEP_S}s"
            for name, events in (("bad", bad), ("total", total)):
                expr = f"sum_over_time(slo:control_plane:events:{name}[{seconds * 1000 - 1}ms])"
                checks.append({"expr": expr, "eval_time": moment, "exp_samples": [{"labels": LABELS, "value": events}]})
            if not bad:
                continue
            off = f"abs((1 - slo:control_plane:availability:ratio_{window}) / {bad / total!r} - 1) < bool 1e-9"
            checks.append({"expr": off, "eval_time": moment, "exp_samples": [{"labels": LABELS, "value": 1}]})
    selected = promtool.select(rules, RULES)
    suite = promtool.SUITES[seed]
    promtool.run(suite, selected, [{"input_series": [s.as_input() for s in series], "promql_expr_test": checks}])
