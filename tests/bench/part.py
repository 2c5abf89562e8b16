"""What a part of the benchmark gives: rows, each one figure."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple


class Row(NamedTuple):
    """One figure. `limit`: the most that it may be, None where it is only told."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""  # what it was made of, in a few words: "74 ms beside 285 ms, 15 rounds"

    @property
    def within(self) -> bool | None:
        """Whether the limit holds, None without one. A figure that is no number holds none."""
        return None if self.limit is None else self.value <= self.limit and not math.isnan(self.value)


class Part(NamedTuple):
    """`run` yields its rows as they are measured, so that what was measured before a failure is still told.

    It says what it does by `tests.harness.progress.step` and raises HarnessError for what keeps it from measuring.
    `versions` names the programs that were measured; asked after `run`.
    """

    name: str
    run: Callable[[], Iterator[Row]]
    versions: Callable[[], Mapping[str, str]]


class Outcome(NamedTuple):
    """What became of a part. `problem` is empty when it ran to its end."""

    part: str
    rows: tuple[Row, ...]
    versions: Mapping[str, str]
    seconds: float
    problem: str = ""

    @property
    def complaints(self) -> list[str]:
        """Every broken limit, and why the part did not come to its end."""
        broken = [f"{row.what}: {shown(row.value)} {row.unit}, at most {shown(row.limit)} {row.unit}"
                  for row in self.rows if row.limit is not None and not row.within]  # fmt: skip
        return broken + ([self.problem] if self.problem else [])


def shown(value: float | None) -> str:
    """Three significant digits, whole numbers from a hundred on; empty for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
