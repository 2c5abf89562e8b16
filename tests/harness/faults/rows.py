"""Every fault on the way of a CloudWatch alarm: how it begins and ends, and what must become of the alarm."""

import json
import signal
import threading
import time
import uuid
from collections.abc import Callable
from typing import NamedTuple

from tests.harness.aws_messages import sns_record
from tests.harness.errors import HarnessError
from tests.harness.faults.alert import Alert
from tests.harness.faults.bench import FUNCTIONS, ONCALL, RECEIVER, TOPIC, Bench, wait_for
from tests.harness.standins.pagerduty import PagerDuty
from tests.harness.standins.slack import Slack
from tests.harness.standins.tls import Authority

PAGERDUTY_FUNCTION, SLACK_FUNCTION = FUNCTIONS
PAGERDUTY, SLACK = RECEIVER[PAGERDUTY_FUNCTION], RECEIVER[SLACK_FUNCTION]
SETTLE_S, AGAIN_S = 60.0, 2.0
SHORT_TTL_S = 1.0


def nothing(_: Bench) -> None:
    """No hand is laid on anything."""


def send_alarm(bench: Bench) -> Alert:
    alert = bench.alert()
    bench.publish(alert.message)
    return alert


class Row(NamedTuple):
    """A fault, how it begins and ends, and what must become of an alarm that is told meanwhile.

    `queues`: functions in whose queue it must lie. `rings`: what their alarms must ring ("errors", "undelivered", …);
    `topic_rings`: what the topic's must.
    Whoever is not behind a queue must hear it without help, oncall's mailbox included where `mailed`; once, but for
    those of `twice`; those of `refuse` not before they have refused it. `meanwhile` happens between the fault's end
    and the redrive.
    """

    fault: str
    begin: Callable[[Bench], None] = nothing
    heal: Callable[[Bench], None] = nothing
    queues: tuple[str, ...] = ()
    rings: tuple[str, ...] = ("errors", "undelivered")
    send: Callable[[Bench], Alert] = send_alarm
    hears: tuple[str, ...] = (PAGERDUTY, SLACK)
    topic_rings: tuple[str, ...] = ()
    mailed: bool = True
    twice: tuple[str, ...] = ()
    refuse: tuple[str, ...] = ()
    meanwhile: Callable[[Bench], None] = nothing
    note: str = ""

    @property
    def receivers(self) -> list[str]:
        """Who must hear of it, by whatever way."""
        return [*self.hears, *([ONCALL] if self.mailed else [])]

    def times(self, receiver: str) -> int:
        """How often that receiver must hear of it."""
        return 2 if receiver in self.twice else 1

    @property
    def alarms(self) -> set[str]:
        """What must ring."""
        of_functions = {f"{function}-{alarm}" for function in self.queues for alarm in self.rings}
        return of_functions | {f"{TOPIC}-{alarm}" for alarm in self.topic_rings}


def _send_broken_text(bench: Bench) -> Alert:
    """An alarm's JSON cut in the middle: neither the forwarders nor the e-mail filters can read it."""
    alert = bench.alert()
    text = json.dumps({**alert.message, "AlarmName": "db-cpu-high"})
    bench.publish(text[: text.index(alert.mark) + len(alert.mark)])
    bench.publish_metric("unreadable")
    return alert


def _send_to_nobody(bench: Bench) -> Alert:
    alert = send_alarm(bench)
    bench.publish_metric("undelivered")
    return alert


def _send_twice(bench: Bench) -> Alert:
    """SNS delivers at least once: the same message comes again when the first has been told."""
    alert = bench.alert()
    topic = bench.cloud.module["topic_arns"]["critical"]
    event = {"Records": [sns_record(json.dumps(alert.message), topic, str(uuid.uuid4()))]}
    bench.hand_over(event)
    _wait_until_told(bench, alert)
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
    """The same faults of PagerDuty or Slack."""

    def answers(status: int, body: str = "", times: int | None = None, wait: str = "") -> Callable[[Bench], None]:
        headers = {"Retry-After": wait} if wait else {}
        return lambda bench: of(bench).answer_with(status, body, headers, times)

    def bad_tls(bench: Bench) -> None:
        of(bench).spoil_certificate(Authority(bench.run_dir / f"foreign-{function}").server_context())

    def heal(bench: Bench) -> None:
        of(bench).heal()

    here, receiver = (function,), (RECEIVER[function],)
    return [
        Row(f"{name} answers 429 with Retry-After, once", answers(429, "slow down", 1, "1"), heal, refuse=receiver),
        Row(f"{name} answers 429 always", answers(429, "slow down", None, "1"), heal, here),
        Row(f"{name} answers 500 twice, then works", answers(500, "oops", 2), heal, refuse=receiver),
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


def _delete_secrets(bench: Bench) -> None:
    """New instances, which remember no value, ask and find them gone."""
    bench.delete_secrets()
    bench.end_instances()


def _outlive_the_secrets_time(bench: Bench) -> None:
    """The functions know the values, which are to be asked for again by now, and nobody answers."""
    bench.keep_secrets(SHORT_TTL_S)
    _wait_until_told(bench, send_alarm(bench))
    bench.gate.answer_with(503, "service unavailable")
    time.sleep(SHORT_TTL_S + 0.5)


def _send_with_old_secrets(bench: Bench) -> Alert:
    before, alert = len(bench.gate.requests), send_alarm(bench)
    _wait_until_told(bench, alert)
    if len(bench.gate.requests) - before < len(FUNCTIONS):
        raise HarnessError("the functions did not ask Secrets Manager: nothing was tried")
    return alert


def _heal_secrets_manager(bench: Bench) -> None:
    bench.gate.heal()
    bench.keep_secrets(None)


def _wait_until_told(bench: Bench, alert: Alert) -> None:
    wait_for(lambda: all(bench.deliveries(alert, receiver) for receiver in (PAGERDUTY, SLACK)), SETTLE_S)


def _send_what_cloudwatch_knows(bench: Bench) -> Alert:
    """Old enough that a forwarder asks for the present state before it tells: it still holds."""
    alert = bench.alert_that_cloudwatch_knows("ALARM", age_s=120)
    bench.publish(alert.message)
    return alert


def _end_the_alarm(bench: Bench) -> None:
    """Everybody hears that it is over, and the instances that told it are gone when the operator comes."""
    end = bench.alert_that_cloudwatch_knows("OK")
    bench.publish(end.message)
    wait_for(lambda: len(bench.deliveries(end, SLACK)) > 1 and len(bench.deliveries(end, ONCALL)) > 1, SETTLE_S)
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
        # After its redrive the instances know the secrets of now, so that the rotated ones are not read by chance.
        Row("Secrets Manager denies access", _deny_secrets, lambda bench: bench.gate.heal(), both),
        Row("Secrets rotated, the old values refused", begin=Bench.fill_secrets, refuse=(PAGERDUTY, SLACK)),
        Row("The secrets were deleted", _delete_secrets, Bench.restore_secrets, both),
        Row(
            "Secrets Manager is down when the known values are to be read again",
            _outlive_the_secrets_time,
            _heal_secrets_manager,
            send=_send_with_old_secrets,
        ),
        Row("A function's process dies while it delivers", _on_arrival(signal.SIGKILL), _heal_destinations, both),
        Row(
            "The message is broken JSON", send=_send_broken_text, topic_rings=("unreadable",), mailed=False, note="mail"
        ),
        Row("A function hangs until its timeout", _on_arrival(signal.SIGSTOP), _heal_destinations, both),
        Row("The same message comes twice", send=_send_twice, mailed=False, note="twice"),
        Row(
            "OK overtakes its ALARM",
            send=_send_in_the_wrong_order,
            hears=(SLACK,),
            twice=(SLACK, ONCALL),
            note="order",
        ),
        Row(
            "The alarm ends before the redrive",
            lambda bench: bench.pagerduty.answer_with(500, "oops"),
            lambda bench: bench.pagerduty.heal(),
            (PAGERDUTY_FUNCTION,),
            send=_send_what_cloudwatch_knows,
            hears=(SLACK,),
            twice=(SLACK, ONCALL),
            meanwhile=_end_the_alarm,
            note="over",
        ),
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
