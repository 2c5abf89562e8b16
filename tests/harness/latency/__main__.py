"""`python -m tests.harness.latency [standard | fast]`: both settings, or one; writes docs/timing.md when it is both."""

import json
import sys
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from tests.harness import paths, process
from tests.harness.errors import HarnessError
from tests.harness.generated import replace_section
from tests.harness.latency import report
from tests.harness.latency.budget import explain
from tests.harness.latency.measure import Setting, measure

RESULT = paths.BUILD / "latency.json"
PAGE = paths.ROOT / "docs/timing.md"
BEGIN, END = "<!-- latency: written by `make latency` -->", "<!-- /latency -->"
WIDTH = 120
SETTINGS: Mapping[str, str] = {"standard": "production", "fast": "fast-pages"}  # page_timings => harness timings


def show(settings: list[Setting], console: Console) -> None:
    table = Table(*report.COLUMNS, title="From the failure to the page", title_justify="left")
    for row in report.rows(settings):
        table.add_row(*row)
    for setting in settings:
        console.print(f"\npage_timings = {setting.name}: the worst case by configuration")
        console.print(explain(setting.limit))
        console.print("measured (# killed, o hanging)")
        console.print(report.histogram(setting))
    console.print(table)
    console.print(report.measured_when())


def main(names: list[str]) -> int:
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    if unknown := [name for name in names if name not in SETTINGS]:
        print(f"✗ {', '.join(unknown)}: use {' or '.join(SETTINGS)}", file=sys.stderr)
        return 2
    process.stop_on_sigterm()
    settings: list[Setting] = []
    try:
        for name in names or SETTINGS:
            settings.append(measure(name, SETTINGS[name], paths.new_run("latency")))
    except HarnessError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report.summary(settings), indent=2) + "\n")
    show(settings, console)
    late = report.late(settings)
    for line in late:
        console.print(f"✗ {line}")
    if not late and len(settings) == len(SETTINGS):
        replace_section(PAGE, BEGIN, END, report.markdown(settings))
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
