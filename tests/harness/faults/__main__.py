"""`make faults`: every fault on the way of a CloudWatch alarm, one after the other, and what became of the alarm.

Prints the table and writes it into docs/reliability.md. Exits 0 only if no alert was lost, each queue and alarm did
what its row says, and `alertctl redrive` brought the rest.
"""

import sys
import time

from rich.console import Console

from tests.harness import paths
from tests.harness.errors import HarnessError
from tests.harness.faults.bench import Bench
from tests.harness.faults.rows import rows
from tests.harness.faults.run import Result, problems, run_row
from tests.harness.faults.table import lost_line, show, write_page
from tests.harness.prepare import prepare
from tests.harness.process import assert_no_processes_left, stop_on_sigterm
from tests.harness.progress import step

WIDTH = 130  # of the printed table, also where there is no terminal


def main(chosen: list[str]) -> int:
    """`chosen`: words; only the rows that hold one of them run, and the page is left alone."""
    stop_on_sigterm()
    console, began = Console(), time.monotonic()
    console.width = max(console.width, WIDTH)
    picked = [row for row in rows() if not chosen or any(word in row.fault for word in chosen)]
    results: list[Result] = []
    wrong: list[str] = []
    try:
        prepare(suites=())
        with Bench(paths.new_run("faults")) as bench:
            if chosen:
                bench.fill_secrets()
            for row in picked:
                with step(row.fault):
                    results.append(run_row(row, bench))
                for problem in problems(results[-1]):
                    wrong.append(f"{row.fault}: {problem}")
                    console.print(f"    ✗ {problem}", highlight=False)
        assert_no_processes_left()
    except HarnessError as problem:
        wrong.append(str(problem))
    if results:
        show(results, console)
        console.print(f"{lost_line(results)} {time.monotonic() - began:.0f} s in all.", highlight=False)
    if results and not chosen and len(results) == len(picked):
        write_page(results)
    for line in wrong:
        console.print(f"✗ {line}", style="red", highlight=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
