"""A forwarder's whole way: event → records → notifications → destinations. What is not taken raises."""

import os
import time
from typing import Any

from forwarder.canary import hear, is_canary
from forwarder.deliver import Delivery, Failure, Service, as_trouble, deliver
from forwarder.log import log
from forwarder.notification import Notification
from forwarder.order import late, remember, superseded
from forwarder.parse import parse
from forwarder.records import records
from forwarder.settings import Settings, settings

MARGIN_SECONDS = 1.0  # what is left for raising, so that the reason is told and not "timed out"
DEFAULT_SECONDS = 30.0
ASK_SECONDS = 3.0
MOST_NAMED = 20


class DeliveryFailed(Exception):
    """Raised so that SNS and Lambda keep the event: a returned value would count as delivered."""

    def __init__(self, failures: list[Failure]) -> None:
        told = [f"{failure.name} → {failure.destination}: {failure.reason}" for failure in failures[:MOST_NAMED]]
        more = len(failures) - MOST_NAMED
        super().__init__("; ".join(told + ([f"and {more} more"] if more > 0 else [])))


def forward(event: Any, context: Any, service: Service) -> dict[str, int]:
    """Delivers every record of the event, tries all of them, then raises DeliveryFailed if any was not taken."""
    until = time.monotonic() + _seconds(context)
    told = settings()
    deliveries: list[Delivery] = []
    failures: list[Failure] = []
    for index, given in enumerate(records(event)):
        if is_canary(given, told):
            hear(given, service.name, told, until)
            continue
        # A retry by Lambda has the id of the first try.
        record = given._replace(message_id=given.message_id or f"{_request_id(context)}/{index}")
        for part, note in enumerate(parse(record, told)):
            try:
                deliveries += _deliveries(note, part, service, told, context, until)
            except Exception as problem:  # one record must not hide the others
                reason = as_trouble(problem).reason
                log("error", "not delivered", service=service.name, alarm=note.name, reason=reason)
                failures.append(Failure(note.name, "nobody", reason))
    failures += deliver(deliveries, service, told, until)
    if failures:
        raise DeliveryFailed(failures)
    return {"delivered": len(deliveries)}


def _deliveries(
    note: Notification, part: int, service: Service, told: Settings, context: Any, until: float
) -> list[Delivery]:
    remember(note)
    destinations = service.destinations(note, told)
    if not destinations:
        log(
            "info", "nobody to tell", service=service.name, alarm=note.name, kind=note.kind,
            state=note.state, severity=note.severity, message_id=note.message_id,
        )  # fmt: skip
        return []
    seconds = min(ASK_SECONDS, (until - time.monotonic()) / 3)
    overtaken = late(note) or superseded(note, _own_account(context), seconds)
    return [Delivery(note, destination, part, overtaken) for destination in destinations]


def _seconds(context: Any) -> float:
    """How long the deliveries may take, the margin taken off."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    seconds = left() / 1000 if callable(left) else DEFAULT_SECONDS
    return float(seconds - min(MARGIN_SECONDS, seconds / 5))


def _request_id(context: Any) -> str:
    return getattr(context, "aws_request_id", "") or os.urandom(8).hex()


def _own_account(context: Any) -> str:
    arn = getattr(context, "invoked_function_arn", "")
    parts = arn.split(":") if isinstance(arn, str) else []
    return parts[4] if len(parts) > 4 else ""
