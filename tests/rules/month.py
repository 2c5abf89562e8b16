"""A month of random traffic as three replicas were scraped, and what the scrapes saw of it.

Restarts, idle hours, scrapes that never came; evaluations and roll-ups that were not made, and minutes in which
Prometheus itself was away. Times are seconds since the month's begin. The seed decides all of it.
"""

import bisect
import itertools
import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

STEP_S = 15
ROLLUP_S = 240
DAYS = 31
SCRAPES = DAYS * 86400 // STEP_S
REPLICAS = {"a": 1, "b": 6, "c": 11}  # name → how long after the interval's begin it is scraped
EVALUATED_S, ROLLED_UP_S = 13, 14  # and rules are evaluated
AWAY_S = 8 * 60


class Month(NamedTuple):
    """`samples`: (replica, status) → (time, count) of each scrape. The others are times at which it happened."""

    samples: dict[tuple[str, str], list[tuple[int, int]]]
    evaluations: list[int]
    rollups: list[int]


def month(seed: int) -> Month:
    """A month of its own for each seed."""
    dice = random.Random(seed)
    away = [(begin, begin + AWAY_S) for begin in (dice.randrange(DAYS * 86400) for _ in range(4))]
    missed = {at for at in range(1, SCRAPES) if dice.random() < 0.005}
    samples = {
        key: [(at, count) for at, count in made if not _within(at, away)]
        for replica, phase in REPLICAS.items()
        for key, made in _scraped(replica, phase, missed, dice).items()
    }
    evaluations = [at * STEP_S + EVALUATED_S for at in range(SCRAPES) if at not in missed]
    rollups = [at for at in range(ROLLED_UP_S, DAYS * 86400, ROLLUP_S) if dice.random() > 0.01]
    return Month(samples, *([at for at in made if not _within(at, away)] for made in (evaluations, rollups)))


def _within(at: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(begin <= at < end for begin, end in spans)


def _scraped(
    replica: str, phase: int, missed: set[int], dice: random.Random
) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """One replica's counters. It does not restart where two scrapes fall between two evaluations."""
    good, bad, missing, idle = 0, 0, 0, 0
    shown: dict[tuple[str, str], list[tuple[int, int]]] = {(replica, "200"): [], (replica, "500"): []}
    for at in range(SCRAPES):
        missing = missing - 1 if missing else dice.choice((1, 2, 16, 50)) if dice.random() < 0.002 else 0
        idle = idle - 1 if idle else dice.randrange(960) if dice.random() < 0.0005 else 0
        if dice.random() < 25 / SCRAPES and not missed & {at - 1, at}:
            good, bad = 0, 0
        if not idle:
            good, bad = good + dice.randrange(200), bad + dice.randrange(5)
        if not missing:
            when = at * STEP_S + phase
            shown[replica, "200"].append((when, good))
            shown[replica, "500"].append((when, bad))
    return shown


class Truth:
    """Events by the time of the scrape that saw them: what a counter grew by, after a reset its new value."""

    def __init__(self, samples: Iterable[list[tuple[int, int]]]) -> None:
        events = sorted(event for one in samples for event in _grown(one))
        self._times = [at for at, _ in events]
        self._sums = [0, *itertools.accumulate(count for _, count in events)]

    def between(self, begin: float, end: float) -> int:
        """Events after `begin` up to `end`."""
        first, last = (bisect.bisect_right(self._times, at) for at in (begin, end))
        return self._sums[last] - self._sums[first]


def _grown(samples: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for (_, old), (at, new) in itertools.pairwise(samples):
        yield at, new - old if new >= old else new
