"""One row of the fault table: the fault, an alarm, the fault's end, the redrive, and what is not as the row says."""

import json
import time
from typing import NamedTuple

from tests.harness.faults.alert import Alert
from tests.harness.faults.bench import FUNCTIONS, ONCALL, RECEIVER, Bench, wait_for
from tests.harness.faults.rows import PAGERDUTY, SETTLE_S, SLACK, Row
from tests.harness.standins.recorder import Delivery

RING_S, REDRIVEN_S = 40.0, 20.0


class Result(NamedTuple):
    """What became of the row's alarm. Deliveries by receiver; `seconds` is wall time."""

    row: Row
    before: dict[str, list[Delivery]]
    refused: dict[str, int]
    queued: dict[str, int]
    rang: list[str]
    redrive: str
    after: dict[str, list[Delivery]]
    left: dict[str, int]
    seconds: float

    @property
    def lost(self) -> list[str]:
        return [receiver for receiver in self.row.receivers if not self.after[receiver]]


def run_row(row: Row, bench: Bench) -> Result:
    """The fault, an alarm, the fault's end, the redrive."""
    began = time.monotonic()
    bench.settle(row.queues)
    since = time.time()
    row.begin(bench)
    try:
        alert = row.send(bench)
        wait_for(lambda: _is_decided(row, bench, alert), SETTLE_S)
        queued = {function: _queued(bench, function, alert) for function in FUNCTIONS}
        wait_for(lambda: row.alarms <= set(bench.rang(since)), RING_S if row.alarms else 0)
        before, refused = _heard(bench, alert), _refused(bench, alert)
        rang = bench.rang(since)
    finally:
        row.heal(bench)
    row.meanwhile(bench)
    said = bench.redrive() if any(queued.values()) else ""
    wait_for(lambda: all(len(bench.deliveries(alert, one)) >= row.times(one) for one in row.receivers), REDRIVEN_S)
    left = {function: len(bench.queued(function)) for function in FUNCTIONS}
    after = _heard(bench, alert)
    return Result(row, before, refused, queued, rang, said, after, left, time.monotonic() - began)


def problems(result: Result) -> list[str]:
    """What is not as the row says; empty when all is well."""
    row = result.row
    said = [f"{receiver} never heard of it" for receiver in result.lost]
    waits = [RECEIVER[function] for function in row.queues]
    said += [
        f"{receiver} needed the redrive"
        for receiver in row.receivers
        if receiver not in waits and not result.before[receiver]
    ]
    said += [f"{receiver} heard it during the fault" for receiver in waits if result.before[receiver]]
    for function in FUNCTIONS:
        wanted = 1 if function in row.queues else 0
        if result.queued[function] != wanted:
            said.append(f"{result.queued[function]} messages in the queue of {function}, {wanted} expected")
        if result.left[function]:
            said.append(f"{result.left[function]} messages left in the queue of {function} after the redrive")
    said += [f"{alarm} did not ring" for alarm in sorted(row.alarms - set(result.rang))]
    said += [
        f"{receiver} heard it {number} times" for receiver, number in _times(result) if number != row.times(receiver)
    ]
    said += [
        f"{receiver} refused nothing: nothing was tried" for receiver in row.refuse if not result.refused[receiver]
    ]
    if row.hears == (SLACK,) and result.after[PAGERDUTY]:
        said.append("PagerDuty was told of an alarm that is over")
    if row.note == "order" and not any("LATE" in json.dumps(one.body) for one in result.after[SLACK]):
        said.append("Slack was not told that it comes late")
    return said


def _times(result: Result) -> list[tuple[str, int]]:
    return [(receiver, len(heard)) for receiver, heard in result.after.items() if heard]


def _heard(bench: Bench, alert: Alert) -> dict[str, list[Delivery]]:
    return {receiver: bench.deliveries(alert, receiver) for receiver in (PAGERDUTY, SLACK, ONCALL)}


def _refused(bench: Bench, alert: Alert) -> dict[str, int]:
    return {receiver: bench.refusals(alert, receiver) for receiver in (PAGERDUTY, SLACK)}


def _queued(bench: Bench, function: str, alert: Alert) -> int:
    return sum(1 for body in bench.queued(function) if alert.is_in(body))


def _is_decided(row: Row, bench: Bench, alert: Alert) -> bool:
    """Each function has delivered it or given it up, and the mail is out."""
    by_function = all(
        bench.deliveries(alert, RECEIVER[function]) or _queued(bench, function, alert)
        for function in FUNCTIONS
        if RECEIVER[function] in row.hears or function in row.queues
    )
    return by_function and (not row.mailed or bool(bench.deliveries(alert, ONCALL)))
