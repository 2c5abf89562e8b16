"""`make faults`: every fault on the way of a CloudWatch alarm, one after the other, and what became of the alarm.

Prints the table and writes it into docs/reliability.md. Exits 0 only if no alert was lost, each queue and alarm did
what its row says, and `alertctl redrive` brought the rest.
"""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.harness import paths
from tests.harness.aws_messages import sns_event
from tests.harness.errors import HarnessError
from tests.harness.fault_bench import (
    FUNCTIONS,
    ONCALL,
    PREFIX,
    RECEIVER,
    TOPIC,
    Alert,
    Bench,
    settled,
    wait_for,
)
from tests.harness.generated import replace_section
from tests.harness.prepare import prepare
from tests.harness.process import assert_no_processes_left, stop_on_sigterm
from tests.harness.progress import step
from tests.harness.standins.pagerduty import PagerDuty
from tests.harness.standins.recorder import Delivery
from tests.harness.standins.slack import Slack
from tests.harness.standins.tls import Authority

PAGERDUTY_FUNCTION, SLACK_FUNCTION = FUNCTIONS
PAGERDUTY, SLACK = RECEIVER[PAGERDUTY_FUNCTION], RECEIVER[SLACK_FUNCTION]
PAGE = paths.ROOT / "docs/reliability.md"
BEGIN, END = "<!-- fault table: written by `make faults` -->", "<!-- end of the fault table -->"
SETTLE_S, RING_S, REDRIVEN_S, AGAIN_S = 60.0, 40.0, 20.0, 2.0
WIDTH = 130  # of the printed table, also where there is no terminal
COLUMNS = ("fault", "heard without help", "lies in a queue", "alarm", "after `alertctl redrive`", "s")


def nothing(_: Bench) -> None:
    """No hand is laid on anything."""


class Row(NamedTuple):
    """A fault, how it begins and ends, and what must become of an alarm that is told meanwhile.

    `queues`: functions in whose queue it must lie. `rings`: what their alarms must ring ("errors", "undelivered", …);
    `topic_rings`: what the topic's must.
    Whoever is not behind a queue must hear it without help, oncall's mailbox included where `mailed`.
    """

    fault: str
    begin: Callable[[Bench], None] = nothing
    heal: Callable[[Bench], None] = nothing
    queues: tuple[str, ...] = ()
    rings: tuple[str, ...] = ("errors", "undelivered")
    send: Callable[[Bench], Alert] | None = None
    hears: tuple[str, ...] = (PAGERDUTY, SLACK)
    topic_rings: tuple[str, ...] = ()
    mailed: bool = True
    note: str = ""


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
        return [receiver for receiver in _receivers(self.row) if not self.after[receiver]]


# ---------------------------------------------------------------- the faults


def _send_alarm(bench: Bench) -> Alert:
    alert = bench.alert()
    bench.publish(alert.message)
    return alert


def _send_broken_text(bench: Bench) -> Alert:
    """An alarm's JSON cut in the middle: neither the forwarders nor the e-mail filters can read it."""
    alert = bench.alert()
    text = json.dumps({**alert.message, "AlarmName": "db-cpu-high"})
    bench.publish(text[: text.index(alert.account) + len(alert.account)])
    bench.publish_metric("unreadable")
    return alert


def _send_to_nobody(bench: Bench) -> Alert:
    alert = _send_alarm(bench)
    bench.publish_metric("undelivered")
    return alert


def _send_twice(bench: Bench) -> Alert:
    """SNS delivers at least once: the same message comes again when the first has been told."""
    alert = bench.alert()
    event = sns_event(alert.message, int(alert.account[-3:]), f"{PREFIX}-{TOPIC}")
    bench.hand_over(event)
    wait_for(lambda: all(bench.deliveries(alert, receiver) for receiver in (PAGERDUTY, SLACK)), SETTLE_S)
    bench.hand_over(event)
    time.sleep(AGAIN_S)
    return alert


def _send_in_the_wrong_order(bench: Bench) -> Alert:
    """The end of the alarm overtakes its beginning."""
    alert = bench.alert(age_s=5)
    bench.publish(bench.alert("OK", like=alert).message)
    wait_for(lambda: bench.deliveries(alert, SLACK), SETTLE_S)
    time.sleep(AGAIN_S)
    bench.publish(alert.message)
    wait_for(lambda: len(bench.deliveries(alert, SLACK)) > 1, SETTLE_S)
    return alert


def _destination_faults(name: str, function: str, of: Callable[[Bench], PagerDuty | Slack]) -> list[Row]:
    """The same eight faults of PagerDuty or Slack."""

    def answers(status: int, body: str = "", times: int | None = None, wait: str = "") -> Callable[[Bench], None]:
        headers = {"Retry-After": wait} if wait else {}
        return lambda bench: of(bench).answer_with(status, body, headers, times)

    def bad_tls(bench: Bench) -> None:
        of(bench).spoil_certificate(Authority(bench.run_dir / f"foreign-{function}").server_context())

    def heal(bench: Bench) -> None:
        of(bench).heal()

    here = (function,)
    return [
        Row(f"{name} answers 429 with Retry-After, once", answers(429, "slow down", 1, "1"), heal),
        Row(f"{name} answers 500 twice, then works", answers(500, "oops", 2), heal),
        Row(f"{name} answers 500 always", answers(500, "oops"), heal, here),
        Row(f"{name} answers 400", answers(400, "invalid event"), heal, here),
        Row(f"{name} answers 404", answers(404, "not found"), heal, here),
        Row(f"{name} takes the request and is silent", lambda bench: of(bench).hang(), heal, here),
        Row(f"{name} refuses connections", lambda bench: of(bench).refuse(), heal, here),
        Row(f"{name} shows a foreign certificate", bad_tls, heal, here),
    ]


def _deny_secrets(bench: Bench) -> None:
    """New instances, which remember no value, ask and are denied."""
    bench.gate.deny()
    bench.end_instances()


def _on_arrival(what: signal.Signals) -> Callable[[Bench], None]:
    """Does it to the functions' processes whenever one has sent something: in the middle of a delivery."""

    def begin(bench: Bench) -> None:
        bench.pagerduty.hang()
        bench.slack.hang()
        bench.stop_listening = bench.recorder.listen(
            lambda delivery: (
                threading.Thread(target=bench.end_instances, args=(what,)).start() if delivery.problem else None
            )
        )

    return begin


def _heal_destinations(bench: Bench) -> None:
    bench.stop_listening()
    bench.end_instances()
    bench.pagerduty.heal()
    bench.slack.heal()


def _rebuild(bench: Bench) -> None:
    bench.terraform.apply(targets=["module.alerting.module.forwarder"])


def rows() -> list[Row]:
    """PagerDuty and Slack take turns, so that the alarms of one function calm down while the other is tried."""
    pagerduty = _destination_faults("PagerDuty", PAGERDUTY_FUNCTION, lambda bench: bench.pagerduty)
    slack = _destination_faults("Slack", SLACK_FUNCTION, lambda bench: bench.slack)
    both = FUNCTIONS
    return [
        Row("Secrets not filled yet", heal=Bench.fill_secrets, queues=both),
        *(row for pair in zip(pagerduty, slack, strict=True) for row in pair),
        # New instances have just read the secrets, so that the rotated ones are not read by chance.
        Row("Secrets Manager denies access", _deny_secrets, lambda bench: bench.gate.heal(), both),
        Row("Secrets rotated, the old values refused", begin=Bench.fill_secrets),
        Row("A function's process dies while it delivers", _on_arrival(signal.SIGKILL), _heal_destinations, both),
        Row(
            "The message is broken JSON", send=_send_broken_text, topic_rings=("unreadable",), mailed=False, note="mail"
        ),
        Row("A function hangs until its timeout", _on_arrival(signal.SIGSTOP), _heal_destinations, both),
        Row("The same message comes twice", send=_send_twice, mailed=False, note="twice"),
        Row("OK overtakes its ALARM", send=_send_in_the_wrong_order, hears=(SLACK,), note="order"),
        Row("No concurrency is left", Bench.throttle, Bench.unthrottle, both, ("throttles", "undelivered")),
        Row(
            "The functions were deleted",
            Bench.delete_functions,
            _rebuild,
            both,
            ("undelivered",),
            _send_to_nobody,
            topic_rings=("undelivered",),
            note="sns",
        ),
    ]


# ---------------------------------------------------------------- one row


def run_row(row: Row, bench: Bench) -> Result:
    """The fault, an alarm, the fault's end, the redrive."""
    began = time.monotonic()
    settled(bench, row.queues)
    since = time.time()
    row.begin(bench)
    try:
        alert = (row.send or _send_alarm)(bench)
        wait_for(lambda: _is_decided(row, bench, alert), SETTLE_S)
        queued = {function: _queued(bench, function, alert) for function in FUNCTIONS}
        expected = _expected_alarms(row)
        wait_for(lambda: expected <= set(bench.rang(since)), RING_S if expected else 0)
        before, refused = _heard(bench, alert), _refused(bench, alert)
        rang = bench.rang(since)
    finally:
        row.heal(bench)
    said = bench.redrive() if any(queued.values()) else ""
    wait_for(lambda: all(bench.deliveries(alert, receiver) for receiver in _receivers(row)), REDRIVEN_S)
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
        for receiver in _receivers(row)
        if receiver not in waits and not result.before[receiver]
    ]
    said += [f"{receiver} heard it during the fault" for receiver in waits if result.before[receiver]]
    for function in FUNCTIONS:
        wanted = 1 if function in row.queues else 0
        if result.queued[function] != wanted:
            said.append(f"{result.queued[function]} messages in the queue of {function}, {wanted} expected")
        if result.left[function]:
            said.append(f"{result.left[function]} messages left in the queue of {function} after the redrive")
    said += [f"{alarm} did not ring" for alarm in sorted(_expected_alarms(row) - set(result.rang))]
    said += [
        f"{receiver} heard it {number} times"
        for receiver, number in _times(result)
        if number != _wanted_times(row, receiver)
    ]
    if row.hears == (SLACK,) and result.after[PAGERDUTY]:
        said.append("PagerDuty was told of an alarm that is over")
    if row.note == "order" and not any("LATE" in json.dumps(one.body) for one in result.after[SLACK]):
        said.append("Slack was not told that it comes late")
    return said


def _times(result: Result) -> list[tuple[str, int]]:
    return [(receiver, len(heard)) for receiver, heard in result.after.items() if heard]


def _wanted_times(row: Row, receiver: str) -> int:
    """The end that overtakes and the late beginning are two."""
    return 2 if row.note == "order" and receiver in (SLACK, ONCALL) else 1


def _receivers(row: Row) -> list[str]:
    return [*row.hears, *([ONCALL] if row.mailed else [])]


def _expected_alarms(row: Row) -> set[str]:
    of_functions = {f"{function}-{alarm}" for function in row.queues for alarm in row.rings}
    return of_functions | {f"{TOPIC}-{alarm}" for alarm in row.topic_rings}


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
        if RECEIVER[function] in row.hears
    )
    return by_function and (not row.mailed or bool(bench.deliveries(alert, ONCALL)))


# ---------------------------------------------------------------- the table


def cells(result: Result) -> tuple[str, ...]:
    """A row of the table, as text."""
    names = {PAGERDUTY: "PagerDuty", SLACK: "Slack", ONCALL: "mail"}
    heard = [
        name + _refusals(result.refused.get(receiver, 0))
        for receiver, name in names.items()
        if result.before.get(receiver)
    ]
    lies = [function.removesuffix("-forwarder") for function in FUNCTIONS if result.queued[function]]
    after = [names[receiver] for receiver, told in result.after.items() if len(told) > len(result.before[receiver])]
    lost = f"LOST: {', '.join(names[one] for one in result.lost)}" if result.lost else ""
    return (
        result.row.fault + FOOTNOTES.get(result.row.note, ("", ""))[0],
        ", ".join(heard) or "nobody",
        ", ".join(lies) or "–",
        ", ".join(_short_alarms(result.rang)) or "–",
        ", ".join(filter(None, [", ".join(after), lost])) or "–",
        f"{result.seconds:.0f}",
    )


def _refusals(number: int) -> str:
    return f" (after {number} refusal{'s' if number > 1 else ''})" if number else ""


FOOTNOTES = {
    "mail": (
        " ¹",
        "¹ No e-mail filter can read it; both functions tell it as text. The emulator does not publish SNS' metrics:"
        " the harness put in the datapoint that SNS would (`NumberOfNotificationsFilteredOut-InvalidMessageBody`), and"
        " the topic's alarm rang on it.",
    ),
    "twice": (" ²", "² Handed to the functions twice under one message id, past SNS and so past e-mail: told once."),
    "order": (
        " ³",
        "³ PagerDuty opens no incident for what is over. Slack hears both, the second marked as late; the mailbox hears"
        " both, unmarked.",
    ),
    "sns": (
        " ⁴",
        "⁴ SNS itself put it aside. The topic's alarm rang on a datapoint (`NumberOfNotificationsFailed`) that the"
        " harness put in, as under ¹. Mended by `terraform apply`.",
    ),
}


def _short_alarms(rang: Iterable[str]) -> list[str]:
    """`errors` of two functions is one word; a single one is named with its function."""
    by_alarm: dict[str, list[str]] = {}
    for name in rang:
        who, _, alarm = name.rpartition("-")
        function = "topic" if who == TOPIC else who.removesuffix("-forwarder")
        by_alarm.setdefault(alarm, []).append(function)
    return [f"{'+'.join(sorted(functions))} {alarm}" for alarm, functions in sorted(by_alarm.items())]


def _notes(results: Iterable[Result]) -> list[str]:
    return [FOOTNOTES[result.row.note][1] for result in results if result.row.note]


def lost_line(results: list[Result]) -> str:
    late = sum(1 for result in results if any(result.queued.values()))
    lost = sum(len(result.lost) for result in results)
    return f"{len(results)} faults, {late} of them left alerts in a queue; lost: {lost}."


def markdown(results: list[Result]) -> str:
    """The generated part of the page."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(cells(result))} |" for result in results]
    return "\n\n".join(["\n".join(lines), f"**{lost_line(results)}**", "  \n".join(_notes(results))]).rstrip()


def write_page(results: list[Result], page: Path = PAGE) -> None:
    """Put the table between the page's markers. HarnessError where they are not there."""
    replace_section(page, BEGIN, END, markdown(results))


def show(results: list[Result], console: Console) -> None:
    table = Table(title="What becomes of an alarm", title_justify="left")
    for column in COLUMNS:
        table.add_column(column.replace("`", ""), overflow="fold")
    for result in results:
        table.add_row(*cells(result))
    console.print(table)
    for text in _notes(results):
        console.print(text.replace("`", ""), highlight=False)


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
