"""What a run of the benchmark leaves: a table on the terminal, build/bench/bench.json, the page's sections."""

import datetime
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from tests.bench.part import Outcome, Row, shown
from tests.harness import paths
from tests.harness.generated import replace_section

PAGE = paths.ROOT / "docs/benchmarks.md"
RESULT = paths.BUILD / "bench/bench.json"
COLUMNS = ("what", "measured", "at most", "", "from")
MARKS = {True: "✓", False: "✗", None: ""}


class Machine(NamedTuple):
    """Where and when it was measured."""

    date: str
    cpus: int
    processor: str
    python: str
    system: str


def this_machine() -> Machine:
    """The machine that runs this."""
    return Machine(
        date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        cpus=len(os.sched_getaffinity(0)),
        processor=_processor(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
    )


def table(outcomes: Iterable[Outcome]) -> Table:
    """A row for each figure, the parts apart."""
    result = Table(*COLUMNS, title="What it costs", title_justify="left")
    for outcome in outcomes:
        for row in outcome.rows:
            result.add_row(*_cells(row), style="red" if row.within is False else None)
        result.add_section()
    return result


def summary(outcomes: Sequence[Outcome], machine: Machine) -> dict[str, Any]:
    """What bench.json holds: every row with its part, limit and verdict, and what was measured where."""
    rows = [{"part": one.part, **row._asdict(), "within": row.within} for one in outcomes for row in one.rows]
    return {
        "machine": machine._asdict(),
        "versions": {one.part: dict(one.versions) for one in outcomes},
        "seconds": {one.part: round(one.seconds, 1) for one in outcomes},
        "rows": rows,
        "complaints": {one.part: one.complaints for one in outcomes if one.complaints},
    }


def write_json(outcomes: Sequence[Outcome], machine: Machine) -> None:
    """Put the summary where the next program finds it."""
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(summary(outcomes, machine), indent=2, ensure_ascii=False) + "\n")


def write_page(outcome: Outcome, machine: Machine) -> None:
    """Put the part's figures between its markers. HarnessError where they are not there."""
    replace_section(PAGE, *markers(outcome.part), markdown(outcome, machine))


def markers(part: str) -> tuple[str, str]:
    """Between which lines of the page the part's figures stand."""
    return f"<!-- {part}: written by `make bench` -->", f"<!-- end of {part} -->"


def markdown(outcome: Outcome, machine: Machine) -> str:
    """The part's figures for the page."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in outcome.rows]
    told = [
        f"Measured on {machine.date} in {outcome.seconds:.0f} s: {machine.cpus} × {machine.processor},"
        f" {machine.system}; {_versions(outcome.versions, machine)}."
    ]
    return "\n".join([*lines, "", *told])


def _cells(row: Row) -> tuple[str, ...]:
    limit = f"{shown(row.limit)} {row.unit}" if row.limit is not None else ""
    return row.what, f"{shown(row.value)} {row.unit}".rstrip(), limit.rstrip(), MARKS[row.within], row.note


def _versions(versions: Mapping[str, str], machine: Machine) -> str:
    return ", ".join(f"{name} {version}" for name, version in {"Python": machine.python, **versions}.items())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return " ".join(value.split())
    return platform.machine()
