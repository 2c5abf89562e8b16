"""The distribution of what was measured, for the terminal, the documentation and build/latency.json."""

import math
import os
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.harness.latency.budget import KINDS, Kind
from tests.harness.latency.measure import Setting

P99_S: Mapping[str, float] = {"fast": 45.0}  # promised beside the worst case by configuration
BIN_S = 5
COLUMNS = ("page_timings", "", "pages", "min", "median", "p90", "p99", "max", "worst by configuration")


def values(setting: Setting, kind: Kind) -> list[float]:
    """Seconds, sorted."""
    return sorted(one.seconds for one in setting.measured if one.kind == kind)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank: of twenty values the last one is the 99th percentile."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def rows(settings: Sequence[Setting]) -> Iterator[tuple[str, ...]]:
    for setting in settings:
        for kind, words in KINDS.items():
            times = values(setting, kind)
            figures = (times[0], statistics.median(times), percentile(times, 0.9), percentile(times, 0.99), times[-1])
            seconds = (f"{figure:.1f} s" for figure in figures)
            yield (setting.name, words, str(len(times)), *seconds, f"{setting.limit.worst(kind):.0f} s")


def histogram(setting: Setting) -> str:
    """A bar for every five seconds: # a service that was killed, o one that hangs."""
    times = {kind: values(setting, kind) for kind in KINDS}
    everything = sorted([*times["kill"], *times["hang"]])
    first, last = int(everything[0] // BIN_S), int(everything[-1] // BIN_S)
    lines = []
    for number in range(first, last + 1):
        kills, hangs = (sum(1 for t in times[kind] if int(t // BIN_S) == number) for kind in ("kill", "hang"))
        lines.append(f"{number * BIN_S:>4}–{(number + 1) * BIN_S:<4} s {'#' * kills}{'o' * hangs}")
    return "\n".join(lines)


def markdown(settings: Sequence[Setting]) -> str:
    lines = [
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows(settings)),
    ]
    bars = [f"`{setting.name}` (`#` killed, `o` hanging):\n\n```\n{histogram(setting)}\n```" for setting in settings]
    return "\n\n".join(["\n".join(lines), *bars, measured_when()])


def measured_when() -> str:
    """When and on what: a busy machine is a slow one."""
    load = os.getloadavg()[2]
    return f"Measured on {time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, load {load:.1f}."


def late(settings: Sequence[Setting]) -> list[str]:
    """The pages behind the worst case by configuration, and the percentiles behind what is promised."""
    found = [
        f"{setting.name}: {one.service} paged after {one.seconds:.1f} s, worst by configuration "
        f"{setting.limit.worst(one.kind):.0f} s"
        for setting in settings
        for one in setting.measured
        if one.seconds > setting.limit.worst(one.kind)
    ]
    for setting in settings:
        if bound := P99_S.get(setting.name):
            slow = percentile(sorted(one.seconds for one in setting.measured), 0.99)
            found += [f"{setting.name}: 99 % within {slow:.1f} s, promised {bound:.0f} s"] if slow > bound else []
    return found


def summary(settings: Sequence[Setting]) -> dict[str, Any]:
    """What build/latency.json holds; seconds."""
    return {
        setting.name: {
            "configured": setting.limit._asdict(),
            "worst": {kind: setting.limit.worst(kind) for kind in KINDS},
            "measured": [one._asdict() for one in setting.measured],
        }
        for setting in settings
    }
