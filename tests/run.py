"""All tests, tier by tier: `python -m tests.run [TIER …]`.

Each tier is a pytest run of its own folders; its summary line gives counts and time. Two run side by side, for two
cores: the longest is begun first, the others from the cheapest to the dearest. Exits 0 only if every tier passed and
ran at least one test.
"""

import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.harness import paths
from tests.harness.errors import HarnessError
from tests.harness.prepare import prepare
from tests.harness.process import assert_no_processes_left, stop_on_sigterm
from tests.harness.progress import say

TIER_TIMEOUT_S = 1200
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


class Tier(NamedTuple):
    """`folders` below tests/; `about` says what a user would lose if it failed."""

    name: str
    folders: tuple[str, ...]
    about: str


class Outcome(NamedTuple):
    """What became of a tier. `seconds` is wall time."""

    tier: Tier
    passed: int
    failed: int
    skipped: int
    seconds: float
    log: Path


TIERS = (  # in the order in which they are begun
    Tier("apply", ("apply",), "apply, empty second plan, destroy on the emulator"),
    Tier("unit", ("unit",), "forwarders, stand-ins, host scripts and tools"),
    Tier("catalogue", ("platform",), "every mistake in a catalogue is named"),
    Tier("docs", ("docs",), "what the documentation shows can be done"),
    Tier("plan", ("plan",), "plans of the module"),
    Tier("rendered", ("rendered", "rules"), "promtool and amtool on what is rendered, both Debian suites"),
    Tier("routing", ("routing",), "every alert reaches exactly its receivers"),
    Tier("flows", ("flows",), "a real failure reaches the right people, end to end"),
    Tier("breakage", ("breakage",), "each link broken in turn is noticed"),
)
SIDE_BY_SIDE = 2

running: list[subprocess.Popen[bytes]] = []


def stop(run: "subprocess.Popen[bytes]") -> None:
    """End a tier as Ctrl-C would, so that it ends what it has started."""
    run.send_signal(signal.SIGINT)
    try:
        run.wait(30)
    except subprocess.TimeoutExpired:
        run.kill()


def run_tier(tier: Tier) -> Outcome:
    """Run one tier; its output goes to a log, which is shown if it fails."""
    log = paths.log_file(f"test-{tier.name}")
    began = time.monotonic()
    say(f"  … {tier.name}: {tier.about}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--no-header",
        "--durations=12",
        *(f"tests/{folder}" for folder in tier.folders),
    ]
    with log.open("w") as out, subprocess.Popen(command, cwd=paths.ROOT, stdout=out, stderr=subprocess.STDOUT) as run:
        running.append(run)
        try:
            code = run.wait(TIER_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            stop(run)
            code = -1
            out.write(f"\nthe tier took longer than {TIER_TIMEOUT_S} s\n")
    return outcome(tier, code, log, time.monotonic() - began)


def outcome(tier: Tier, code: int, log: Path, seconds: float) -> Outcome:
    """Counts from pytest's closing line; a run that broke off or ran nothing counts as a failure."""
    text = log.read_text(errors="replace")
    counts = {word.rstrip("s"): int(number) for number, word in COUNT.findall("\n".join(text.splitlines()[-3:]))}
    passed, skipped = counts.get("passed", 0), counts.get("skipped", 0)
    failed = counts.get("failed", 0) + counts.get("error", 0)
    if failed == 0 and (code != 0 or passed == 0):
        failed = 1
    mark = "✓" if failed == 0 else "✗"
    say(f"  {mark} {tier.name}: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.0f} s")
    if failed:
        say(text[-6000:])
        say(f"    (log: {log})")
    return Outcome(tier, passed, failed, skipped, seconds, log)


def run_side_by_side(tiers: Sequence[Tier]) -> list[Outcome]:
    """Each worker takes the next tier when it has ended one."""
    outcomes: list[Outcome] = []
    waiting: queue.SimpleQueue[Tier] = queue.SimpleQueue()
    stopping = threading.Event()
    for tier in tiers:
        waiting.put(tier)

    def work() -> None:
        while not stopping.is_set():
            try:
                tier = waiting.get_nowait()
            except queue.Empty:
                return
            outcomes.append(run_tier(tier))

    workers = [threading.Thread(target=work) for _ in range(SIDE_BY_SIDE)]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        stopping.set()
        for run in running:
            if run.poll() is None:
                stop(run)
    return outcomes


def main(names: Sequence[str]) -> int:
    known = [tier.name for tier in TIERS]
    if unknown := [name for name in names if name not in known]:
        print(f"there is no tier {', '.join(unknown)}: use some of {', '.join(known)}", file=sys.stderr)
        return 2
    began = time.monotonic()
    stop_on_sigterm()
    try:
        prepare()
    except HarnessError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    print(f"everything fetched in {time.monotonic() - began:.0f} s")
    outcomes = run_side_by_side([tier for tier in TIERS if not names or tier.name in names])
    print(f"\n{'tier':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for o in outcomes:
        print(f"{o.tier.name:<12}{o.passed:>8}{o.failed:>8}{o.skipped:>9}{o.seconds:>9.0f}")
    print(f"all tiers in {time.monotonic() - began:.0f} s\n")
    left = _left_processes()
    passed, failed = sum(o.passed for o in outcomes), sum(o.failed for o in outcomes) + left
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _left_processes() -> int:
    try:
        assert_no_processes_left()
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
