"""The table of the detection contract, for the terminal and for the documentation."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich.table import Table

from tests.harness.detection.cases import STEP_S, TICKET, TICKET_STEP_S, Case

COLUMNS = ("what happens", "our rules", "bound", "real Prometheus", "the document's rule")


class Row(NamedTuple):
    """A case and its answers in minutes; None: never. `measured` is not None where a real Prometheus was asked."""

    case: Case
    ours: float | None
    literal: float | None
    measured: float | None = None

    def problems(self) -> list[str]:
        """What the contract forbids, in words."""
        if self.case.kind == "quiet":
            return [] if self.ours is None else [f"{self.case.name}: pages after {minutes(self.ours)}"]
        bound = self.case.bound or 0.0
        if self.ours is None:
            return [f"{self.case.name}: {self.case.alert} never answers"]
        found = []
        if self.ours > bound + 1e-9:
            found.append(f"{self.case.name}: {minutes(self.ours)} by promtool, bound {minutes(bound)}")
        if self.measured is not None and self.measured > bound + one_interval(self.case) + 1e-9:
            found.append(f"{self.case.name}: {minutes(self.measured)} on a real Prometheus, bound {minutes(bound)} "
                         f"and {minutes(one_interval(self.case))}")  # fmt: skip
        return found

    def cells(self) -> tuple[str, ...]:
        if self.case.kind == "quiet":
            return (self.case.name, answer(self.ours, "quiet"), "quiet", "", answer(self.literal, "quiet"))
        bound = "" if self.case.bound is None else f"≤ {minutes(self.case.bound)}"
        literal = "no ticket" if self.case.alert == TICKET and self.literal is None else answer(self.literal, "never")
        measured = "" if self.measured is None else minutes(self.measured)
        return (self.case.name, answer(self.ours, "never"), bound, measured, literal)


def one_interval(case: Case) -> float:
    """What a real server may need beyond the bound, in minutes: its evaluations have a phase of their own."""
    return (TICKET_STEP_S if case.alert == TICKET else STEP_S) / 60


def answer(value: float | None, none: str) -> str:
    return none if value is None else minutes(value)


def minutes(value: float) -> str:
    """1.25 min, 14.6 h."""
    return f"{value / 60:.2f} h" if value >= 300 else f"{value:.2f} min"


def table(rows: Sequence[Row]) -> Table:
    result = Table(
        *COLUMNS, title="From the first error to firing, and from the last one to the end", title_justify="left"
    )
    for row in rows:
        result.add_row(*row.cells())
    return result


def markdown(rows: Iterable[Row]) -> str:
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}", *(f"| {' | '.join(r.cells())} |" for r in rows)]
    return "\n".join(lines)


def summary(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """What build/detection.json holds; minutes."""
    return [
        {"case": row.case.name, "alert": row.case.alert, "kind": row.case.kind, "bound": row.case.bound,
         "promtool": row.ours, "real": row.measured, "literal": row.literal}
        for row in rows
    ]  # fmt: skip
