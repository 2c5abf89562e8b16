"""`python -m tests.harness.detection [--promtool]`: the detection contract, beside the document's own rule.

By promtool first, then on real Prometheus servers, one for each case that has a time, side by side: about eight
minutes in all. `--promtool` leaves the servers out, and the page alone.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from tests.harness import debian, paths, process, promtool
from tests.harness.detection import live, predicted, report
from tests.harness.detection.cases import CASES, Case
from tests.harness.detection.report import Row
from tests.harness.errors import HarnessError
from tests.harness.generated import replace_section
from tests.harness.progress import report_to, say, step
from tests.harness.render import render
from tests.harness.stack import ANANTA

RESULT = paths.BUILD / "detection.json"
PAGE = paths.ROOT / "docs/timing.md"
BEGIN, END = "<!-- detection: written by `make detection` -->", "<!-- /detection -->"
WIDTH = 130
SIDE_BY_SIDE = 2


def predict(files: Mapping[str, str]) -> list[Row]:
    """Every case by promtool."""
    rules = promtool.parse(files)

    def row(case: Case) -> Row:
        with step(case.name):
            return Row(case, predicted.ours(case, rules), predicted.literally(case))

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(row, CASES))


def measure(rows: list[Row], files: Mapping[str, str], run_dir: Path) -> list[Row]:
    """The cases that have a time, each on a Prometheus of its own."""
    programs, stopping = debian.programs("bookworm"), threading.Event()

    def measured(number: int, row: Row) -> Row:
        if row.ours is None:
            return row
        value = live.measure(row.case, row.ours, files, programs, run_dir / str(number), stopping)
        say(
            f"  ✓ {row.case.name}: {report.minutes(value)} on a real Prometheus, {report.minutes(row.ours)} by promtool"
        )
        return row._replace(measured=value)

    say("  … real Prometheus servers, one for each case, with production's intervals")
    with ThreadPoolExecutor(len(rows)) as pool:
        try:
            return list(pool.map(measured, range(len(rows)), rows))
        except BaseException:
            stopping.set()  # the others would go on for minutes
            raise


def main(words: list[str]) -> int:
    if words not in ([], ["--promtool"]):
        print("usage: python -m tests.harness.detection [--promtool]", file=sys.stderr)
        return 2
    process.stop_on_sigterm()
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    try:
        files = render(ANANTA).files
        rows = predict(files)
        if not words:
            report_to(lambda line: print(line, file=sys.stderr, flush=True) if line[2:3] == "✓" else None)
            rows = measure(rows, files, paths.new_run("detection"))
            report_to(None)
    except (HarnessError, AssertionError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    console.print(report.table(rows))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report.summary(rows), indent=2) + "\n")
    wrong = [problem for row in rows for problem in row.problems()]
    for problem in wrong:
        console.print(f"✗ {problem}")
    if not words and not wrong:
        when = f"Measured on {time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, load {os.getloadavg()[1]:.1f}."
        replace_section(PAGE, BEGIN, END, f"{report.markdown(rows)}\n\n{when}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
