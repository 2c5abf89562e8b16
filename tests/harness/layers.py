"""A past made of layers, each evaluated by a real Prometheus over those before: one that also misses evaluations.

`promtool tsdb create-blocks-from rules` evaluates at every interval; here the caller says at which moments it was done.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.harness.debian import Programs
from tests.harness.process import Supervisor
from tests.harness.prometheus import Prometheus, backfill, start

ONE_BLOCK_S = 1458 * 3600
MOST_POINTS = 11_000  # that Prometheus answers at once

Points = list[tuple[float, float]]


class Layers:
    """The TSDB below `folder`. Prometheus finds what was written when it starts anew."""

    def __init__(self, programs: Programs, folder: Path) -> None:
        self.programs = programs
        self.folder = folder

    def write(self, lines: Iterator[str]) -> None:
        """Lines of OpenMetrics text without their end."""
        backfill(self.programs.promtool, _ended(lines), self.folder / "data", block_s=ONE_BLOCK_S)

    @contextmanager
    def server(self) -> Iterator[Prometheus]:
        """A server on all that was written."""
        config = self.folder / "prometheus.yml"
        config.write_text("{}\n")
        with Supervisor(self.folder) as supervisor:
            yield start(supervisor, self.programs, config, self.folder / "data")


def _ended(lines: Iterator[str]) -> Iterator[str]:
    yield from lines
    yield "# EOF\n"


def evaluated(
    prometheus: Prometheus, expression: str, times: Sequence[float], step_s: float
) -> Iterator[tuple[dict[str, str], Points]]:
    """What a rule's expression gives at these moments, all a multiple of `step_s` apart, series by series."""
    wanted = set(times)
    for begin in range(0, int((times[-1] - times[0]) / step_s) + 1, MOST_POINTS):
        start = times[0] + begin * step_s
        end = min(times[-1], start + (MOST_POINTS - 1) * step_s)
        for labels, points in prometheus.query_range(expression, start, end, step_s):
            yield labels, [(at, value) for at, value in points if at in wanted]
