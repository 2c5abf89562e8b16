"""Gets each message taken by its destination within the time that is left, or says why it could not."""

import json
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from forwarder import secrets
from forwarder.log import log
from forwarder.notification import Notification
from forwarder.order import late
from forwarder.post import Response, Trouble, request, target
from forwarder.route import Destination
from forwarder.settings import Settings

ATTEMPT_SECONDS = 8.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 5.0
SHORTEST_ATTEMPT_SECONDS = 0.2
KEPT_DELIVERIES = 4000
REFUSED_SECRET = (401, 403, 404)
HEADERS = {"Content-Type": "application/json", "User-Agent": "alert-forwarder"}

_taken: dict[tuple[str, int, str], None] = {}


class Service(NamedTuple):
    """What sets the two functions apart."""

    name: str
    destinations: Callable[[Notification, Settings], list[Destination]]
    # The message, None when a late event leaves nothing to tell. Takes the state that has come since ("" if none).
    payload: Callable[[Notification, str], dict[str, Any] | None]
    # Adds the secret: the address to post to, and the body.
    addressed: Callable[[dict[str, Any], str, Settings], tuple[str, dict[str, Any]]]
    taken: Callable[[Response], bool]
    names_the_secret: Callable[[Response], bool]  # an answer that blames the key, beside 401, 403 and 404


class Delivery:
    """One message for one destination, and how far it has come."""

    __slots__ = ("destination", "due", "key", "note", "overtaken", "reason", "tries")

    def __init__(self, note: Notification, destination: Destination, part: int, overtaken: str) -> None:
        self.note, self.destination, self.overtaken = note, destination, overtaken
        self.key = (note.message_id, part, destination.secret)
        self.tries, self.due, self.reason = 0, 0.0, "no time was left to try"

    def log(self, level: str, outcome: str, **fields: Any) -> None:
        """A line about this delivery."""
        told, where = self.note, self.destination
        log(
            level, outcome, service=where.kind, destination=where.label, alarm=told.name, kind=told.kind,
            state=told.state, severity=told.severity, message_id=told.message_id, tries=self.tries, **fields,
        )  # fmt: skip


class Failure(NamedTuple):
    """What was not delivered and why, in words for the log and the queue."""

    name: str
    destination: str
    reason: str


def deliver(deliveries: list[Delivery], service: Service, settings: Settings, until: float) -> list[Failure]:
    """Tries every one at least once before any pause. `until` in time.monotonic(). Gives what was not taken."""
    failures: list[Failure] = []
    waiting = list(deliveries)
    while waiting:
        delivery = min(waiting, key=lambda one: one.due)
        waiting.remove(delivery)
        pause = max(delivery.due - time.monotonic(), 0)
        heals = pause + SHORTEST_ATTEMPT_SECONDS < until - time.monotonic()
        if heals:
            if pause:
                time.sleep(pause)
            untried = 1 + sum(not one.tries for one in waiting)
            try:
                _attempt(delivery, service, settings, min(ATTEMPT_SECONDS, (until - time.monotonic()) / untried))
                continue
            except Exception as problem:
                trouble = as_trouble(problem)
                delivery.reason, heals = trouble.reason, trouble.heals
                delivery.due = time.monotonic() + _pause(delivery.tries, trouble.pause)
        if heals:
            waiting.append(delivery)
        else:
            failures.append(Failure(delivery.note.name, delivery.destination.label, delivery.reason))
        delivery.log(*("info", "retried") if heals else ("error", "not delivered"), reason=delivery.reason)
    return failures


def as_trouble(problem: Exception) -> Trouble:
    """Trouble itself; anything else is a defect of ours, whose words may quote what must stay secret."""
    return problem if isinstance(problem, Trouble) else Trouble(f"failed with {type(problem).__name__}", heals=False)


def _attempt(delivery: Delivery, service: Service, settings: Settings, seconds: float) -> None:
    """One try; returns when the message is taken, was taken before, or has become void. Raises Trouble."""
    began = time.monotonic()
    if delivery.key in _taken:
        delivery.log("info", "already delivered")
        return
    delivery.tries += 1
    # Asked at every try: while this one waited, a newer event of the same alarm may have gone out.
    overtaken = late(delivery.note) or delivery.overtaken
    payload = service.payload(delivery.note, overtaken)
    status = None
    if payload is not None:
        answer = _send(payload, delivery.destination.secret, service, settings, began + seconds)
        if not service.taken(answer):
            raise _judged(answer)
        status = answer.status
    _taken[delivery.key] = None
    if len(_taken) > KEPT_DELIVERIES:
        del _taken[next(iter(_taken))]
    outcome = "overtaken" if payload is None else "delivered late" if overtaken else "delivered"
    delivery.log("info", outcome, status=status, since=overtaken, ms=round((time.monotonic() - began) * 1000))


def _send(payload: dict[str, Any], secret: str, service: Service, settings: Settings, until: float) -> Response:
    """Posts it; where the secret is refused once more with the present value, if that is another one."""
    value = secrets.value(secret, settings.secret_ttl, until - time.monotonic())
    answer = _post(payload, secret, value, service, settings, until)
    if not service.taken(answer) and (answer.status in REFUSED_SECRET or service.names_the_secret(answer)):
        present = secrets.refreshed(secret, settings.secret_ttl, until - time.monotonic())
        if present != value:
            value = present
            answer = _post(payload, secret, value, service, settings, until)
    return answer._replace(body=answer.body.replace(value, "***"))


def _post(
    payload: dict[str, Any], secret: str, value: str, service: Service, settings: Settings, until: float
) -> Response:
    address, body = service.addressed(payload, value, settings)
    try:
        to = target(address)
    except Trouble as problem:
        raise Trouble(f"secret {secret} is of no use: {problem.reason}", heals=False) from None
    return request("POST", to, json.dumps(body).encode(), HEADERS, until - time.monotonic())


def _judged(answer: Response) -> Trouble:
    """429 and 5xx pass; anything else that is no success will be the same in a second."""
    if 300 <= answer.status < 400:
        return Trouble(f"answered {answer.status}: redirects are not followed", heals=False)
    reason = f"answered {answer.status}: {' '.join(answer.body.split())[:200]}"
    return Trouble(reason, answer.status == 429 or answer.status >= 500, answer.retry_after)


def _pause(tries: int, wanted: float | None) -> float:
    """What the other side asked for, else twice as long each time; jitter on top, so that instances part."""
    jitter = os.urandom(1)[0] / 255
    if wanted is not None:
        return max(wanted, FIRST_PAUSE_SECONDS) + jitter / 4
    return min(FIRST_PAUSE_SECONDS * 2.0 ** (tries - 1), LONGEST_PAUSE_SECONDS) * (0.5 + jitter / 2)
