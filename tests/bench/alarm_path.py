"""From an alarm's change of state to the message at PagerDuty and Slack: topic, warm function, POST."""

import statistics
import time
from collections.abc import Iterator, Mapping
from functools import partial

from tests.bench.part import Part, Row
from tests.harness import paths
from tests.harness.errors import HarnessError
from tests.harness.faults.alert import keep_alarm, set_state
from tests.harness.faults.bench import RECEIVER, Bench
from tests.harness.prepare import prepare
from tests.harness.progress import step
from tests.harness.standins.recorder import Delivery

CHANGES = 40  # half of them begin the alarm, half end it
WARMING = 4
TOLD_S = 20.0
DESCRIPTION = "Measured.\nLabels: severity=critical, category=database, plane=app, service=db"
found: dict[str, str] = {}  # versions of what was measured


def run() -> Iterator[Row]:
    """p50 and p95 for each receiver, in ms."""
    prepare(suites=())
    with Bench(paths.new_run("bench-path")) as bench:
        found.update(bench.cloud.versions())
        bench.fill_secrets()
        topic = bench.cloud.module["topic_arns"]["critical"]
        keep_alarm(bench.localstack.client("cloudwatch"), DESCRIPTION, [topic])
        with step(f"{CHANGES} changes of an alarm's state"):
            took = [_change(bench, number) for number in range(WARMING + CHANGES)][WARMING:]
    for receiver in RECEIVER.values():
        times = [one[receiver] for one in took]
        cuts = statistics.quantiles(times, n=20, method="inclusive")
        for name, value in (("p50", cuts[9]), ("p95", cuts[18])):
            yield Row(f"alarm's change of state → {receiver}, warm, {name}", value, "ms", note=f"{len(times)} changes")


def _change(bench: Bench, number: int) -> dict[str, float]:
    """Receiver → ms until it had the message; the alarm begins and ends by turns. HarnessError when one had none."""
    state, said = ("OK", "resolved") if number % 2 else ("ALARM", "firing")
    began = time.time()
    set_state(bench.localstack.client("cloudwatch"), state)
    took = {}
    for receiver in RECEIVER.values():
        heard = bench.recorder.wait(partial(_is, (receiver, said)), TOLD_S, began)
        if heard is None or heard.problem:
            raise HarnessError(f"{receiver} was not told that the alarm is {state}", bench.localstack.log)
        took[receiver] = (heard.at - began) * 1000
    return took


def _is(wanted: tuple[str, str], delivery: Delivery) -> bool:
    return (delivery.receiver, delivery.state) == wanted


def versions() -> Mapping[str, str]:
    """The emulator and what applied to it."""
    return found


PART = Part("path", run, versions)
