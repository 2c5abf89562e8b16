"""`python -m tests.bench [part …]`: exits 0 only if every part came to its end and no limit is broken."""

import sys
import time
from collections.abc import Sequence

from rich.console import Console

from tests.bench.part import Outcome, Part, Row
from tests.bench.parts import PARTS
from tests.bench.report import Machine, table, this_machine, write_json, write_page
from tests.harness.errors import HarnessError
from tests.harness.process import assert_no_processes_left, stop_on_sigterm
from tests.harness.progress import step

WIDTH = 130  # of the printed table, also where there is no terminal


def main(names: Sequence[str], parts: Sequence[Part] = PARTS) -> int:
    """Run the named parts, all without names. 2 when there is no such part."""
    if unknown := set(names) - {part.name for part in parts}:
        print(f"✗ no such part: {', '.join(sorted(unknown))}; use {', '.join(part.name for part in parts)}")
        return 2
    stop_on_sigterm()
    machine = this_machine()
    outcomes = [measure(part) for part in parts if not names or part.name in names]
    write_json(outcomes, machine)
    return tell(outcomes, machine)


def measure(part: Part) -> Outcome:
    """Run one part to its end, or until something keeps it from measuring."""
    began, rows, problem = time.monotonic(), list[Row](), ""
    try:
        with step(f"bench {part.name}"):
            for row in part.run():
                rows.append(row)
            assert_no_processes_left()
    except HarnessError as failed:
        problem = str(failed)
    return Outcome(part.name, tuple(rows), part.versions(), time.monotonic() - began, problem)


def tell(outcomes: Sequence[Outcome], machine: Machine) -> int:
    """Print the figures, write those of the parts that ran whole into the page; 1 when anything is to complain of."""
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    console.print(table(outcomes))
    for outcome in outcomes:
        if not outcome.problem:
            write_page(outcome, machine)
        for complaint in outcome.complaints:
            console.print(f"✗ {outcome.part}: {complaint}", style="red", markup=False)
    return 1 if any(outcome.complaints for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
