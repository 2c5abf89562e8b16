"""What an alert costs the forwarders, beside the same work done with boto3: fresh processes in turn, real TLS."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from tests.bench.function_world import Function, FunctionWorld, runtime
from tests.bench.part import Part, Row
from tests.bench.quota import LAMBDA_128_MB, Quota
from tests.harness import paths, process
from tests.harness.progress import step

NAMES = ("pagerduty", "slack")
PACKAGE_LIMIT_KB = 60
COLD_CPU_LIMIT, COLD_WALL_LIMIT, WARM_LIMIT_MS = 0.30, 0.40, 2.0
COLD_ROUNDS, LAMBDA_ROUNDS, WARM_TIMES = 15, 7, 200
SPIN_S = 3.0
T = TypeVar("T")
PACKAGES = ("boto3", "botocore", "awslambdaric")


def run() -> Iterator[Row]:
    """Every figure of the forwarders."""
    for name in NAMES:
        package = paths.ROOT / f"lambda_src/dist/{name}-forwarder.zip"
        yield Row(f"{name}: package, stored", package.stat().st_size / 1000, "KB", PACKAGE_LIMIT_KB)
    yield from _starts()
    yield from _warm()


def _starts() -> Iterator[Row]:
    with FunctionWorld(paths.new_run("bench-forwarders")) as world:
        for name in NAMES:
            with step(f"{name}: {COLD_ROUNDS} cold starts beside boto3's"):
                yield from _cold(world, world.forwarder(name), world.notifier(name))
        yield _quota_row()
        for name in NAMES:
            with step(f"{name}: {LAMBDA_ROUNDS} cold starts with Lambda's CPU beside boto3's"):
                yield _in_lambda(world, world.forwarder(name), world.notifier(name))


def _cold(world: FunctionWorld, ours: Function, theirs: Function) -> Iterator[Row]:
    pairs = in_turn(lambda: world.run(ours), lambda: world.run(theirs), COLD_ROUNDS)
    yield _ratio(f"{ours.name}: cold start, CPU", [(one.cpu_ms, other.cpu_ms) for one, other in pairs], COLD_CPU_LIMIT)
    our_peak, their_peak = (statistics.median(pair[side].peak_mb for pair in pairs) for side in (0, 1))
    yield Row(f"{ours.name}: peak memory", our_peak, "MB", note=f"{their_peak:.0f} MB with boto3")


def _in_lambda(world: FunctionWorld, ours: Function, theirs: Function) -> Row:
    pairs = in_turn(lambda: world.run_in_lambda(ours), lambda: world.run_in_lambda(theirs), LAMBDA_ROUNDS)
    return _ratio(f"{ours.name}: cold start in awslambdaric on 1/14 core, wall", pairs, COLD_WALL_LIMIT)


def _warm() -> Iterator[Row]:
    for kept in (True, False):
        with FunctionWorld(paths.new_run("bench-forwarders"), keep_alive=kept) as world:
            for name in NAMES:
                with step(f"{name}: {WARM_TIMES} alerts, {'one connection' if kept else 'a connection each'}"):
                    ours = statistics.median(world.run(world.forwarder(name), WARM_TIMES).warm_ms)
                    theirs = statistics.median(world.run(world.notifier(name), WARM_TIMES // 4).warm_ms)
                what = "over the kept connection" if kept else "over a new TLS connection"
                yield Row(
                    f"{name}: warm alert {what}, CPU", ours, "ms", WARM_LIMIT_MS if kept else None,
                    f"median of {WARM_TIMES - 1}; {theirs:.1f} ms with boto3 and urllib.request",
                )  # fmt: skip


def _quota_row() -> Row:
    """The quota itself: what a process gets that never waits. Above 1 both sides would have too much."""
    with step("the quota on a busy process"):
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"], stdin=subprocess.DEVNULL)
        try:
            began = time.monotonic()
            with Quota(busy.pid):
                time.sleep(SPIN_S)
            used = time.clock_gettime((~busy.pid << 3) | 2)
            share = used / (time.monotonic() - began) / LAMBDA_128_MB
        finally:
            busy.kill()
            busy.wait()
    return Row("the quota: what a busy process gets of 1/14 core", share, "×", 1.1)


def in_turn(ours: Callable[[], T], theirs: Callable[[], T], rounds: int) -> list[tuple[T, T]]:
    """Both once for nothing, then `rounds` of both, the one that begins changing: what disturbs, disturbs both."""
    ours(), theirs()
    pairs = []
    for number in range(rounds):
        first, second = (ours, theirs) if number % 2 else (theirs, ours)
        one, other = first(), second()
        pairs.append((one, other) if number % 2 else (other, one))
    return pairs


def _ratio(what: str, pairs: Sequence[tuple[float, float]], limit: float) -> Row:
    """The median of the rounds' ratios; figures in ms."""
    ours, theirs = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    value = statistics.median(one / other for one, other in pairs)
    return Row(what, value, "×", limit, f"{ours:.0f} ms beside {theirs:.0f} ms; {len(pairs)} rounds")


def versions() -> Mapping[str, str]:
    """What the functions and the notifier ran on."""
    code = (
        "import importlib.metadata, platform;"
        f"print(platform.python_version(), *(importlib.metadata.version(name) for name in {PACKAGES}))"
    )
    said = process.run([runtime(), "-c", code], timeout_s=60).stdout.split()
    return dict(zip(("Python", *PACKAGES), said, strict=True))


PART = Part("forwarders", run, versions)
