"""`make demo`: the whole system from one catalogue, three real failures, and a report of who was told.

TIMINGS=production uses the architecture's own waits; KEEP=1 leaves everything running and prints its addresses.
Exits 0 only if every expected message arrived and nothing else did.
"""

import os
import signal
import sys
import time
from collections.abc import Callable

from rich.console import Console

from tests.harness import paths
from tests.harness.errors import HarnessError
from tests.harness.flow_database_cpu import database_cpu
from tests.harness.flow_error_budget import PAST, error_budget
from tests.harness.flow_service_down import service_down
from tests.harness.flows import Outcome, expectation
from tests.harness.prepare import prepare
from tests.harness.process import assert_no_processes_left, stop_on_sigterm
from tests.harness.report import Run, write_report
from tests.harness.stack import TIMINGS, Stack, describe, with_aws
from tests.harness.timeline import FlowResult, Timeline

FLOWS: dict[str, Callable[[Stack, Timeline], Outcome]] = {
    "service-down": service_down,
    "database-cpu": database_cpu,
    "error-budget": error_budget,
}
REPORT = paths.BUILD / "demo"


def run_flow(key: str, stack: Stack, console: Console) -> FlowResult:
    """One flow on the terminal as it happens."""
    with Timeline(expectation(key).title, stack.world.recorder, console) as timeline:
        outcome = FLOWS[key](stack, timeline)
        # The difference is shown as its two columns.
        further = [problem for problem in outcome.problems if problem != str(outcome.difference)]
        return timeline.result(outcome.difference, outcome.facts, further)


def versions(stack: Stack) -> dict[str, str]:
    """What ran, for the report."""
    assert stack.cloud is not None
    return {**stack.host.programs.versions, **stack.cloud.versions()}


def main() -> int:
    timings, keep = os.environ.get("TIMINGS") or "fast", bool(os.environ.get("KEEP"))
    console = Console(highlight=False)
    if timings not in TIMINGS:
        console.print(f"✗ TIMINGS is {timings}: use {' or '.join(TIMINGS)}")
        return 2
    stop_on_sigterm()
    try:
        passed = demonstrate(timings, keep, console)
        assert_no_processes_left()
    except HarnessError as error:
        console.print(f"✗ {error}", style="bold red", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("✗ stopped")
        return 130
    return 0 if passed else 1


def demonstrate(timings: str, keep: bool, console: Console) -> bool:
    """Deploy, run the flows, write the report; whether all passed."""
    began = time.time()
    console.print(f"The alerting system of examples/ananta, {timings} timings\n", style="bold")
    durations: dict[str, float] = {}
    prepare(suites=["bookworm"])
    durations["preparation"] = time.time() - began
    with with_aws(paths.new_run("demo"), timings, past=PAST) as stack:
        durations["deployment"] = time.time() - began - durations["preparation"]
        results = []
        for key in FLOWS:
            results.append(run_flow(key, stack, console))
            durations[key] = results[-1].duration
        durations["everything"] = time.time() - began
        title = f"Alerting of examples/ananta, {timings} timings"
        run = Run(title, results, versions(stack), durations)
        page = write_report(REPORT, run)
        verdict = "everybody was told, and nobody else" if run.passed else "not as expected"
        console.print(f"\n{'✓' if run.passed else '✗'} {verdict}: {time.time() - began:.0f} s in all")
        console.print(f"  report: {page.relative_to(paths.ROOT)}")
        if keep:
            console.print(describe(stack), soft_wrap=True)
            console.print("The stack stays up until Ctrl-C.")
            signal.pause()
    return run.passed


if __name__ == "__main__":
    sys.exit(main())
