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
from forwarder.post import Response, Unreachable, request, target
from forwarder.route import Destination
from forwarder.settings import Settings

ATTEMPT_SECONDS = 8.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 5.0
SHORTEST_ATTEMPT_SECONDS = 0.2
KEPT_DELIVERIES = 4000
REFUSED_SECRET = (401, 403, 404)

_taken: dict[tuple[str, str, str], None] = {}


class Service(NamedTuple):
    """What sets the two functions apart."""

    name: str
    destinations: Callable[[Notification, Settings], list[Destination]]
    # The message, None when a late event leaves nothing to tell. Takes the state that has come since ("" if none).
    payload: Callable[[Notification, str], dict[str, Any] | None]
    # Adds the secret: the address to post to, and the body. Raises ValueError without the secret in it.
    addressed: Callable[[dict[str, Any], str, Settings], tuple[str, dict[str, Any]]]
    taken: Callable[[Response], bool]
    names_the_secret: Callable[[Response], bool]  # an answer that blames the key, beside 401, 403 and 404


class Delivery:
    """One message for one destination, and how far it has come."""

    __slots__ = ("destination", "due", "key", "notification", "overtaken", "reason", "tries")

    def __init__(self, notification: Notification, destination: Destination, part: int, overtaken: str) -> None:
        self.notification, self.destination = notification, destination
        self.key = (notification.message_id, str(part), destination.secret)
        self.overtaken = overtaken
        self.tries, self.due, self.reason = 0, 0.0, ""


class Failure(NamedTuple):
    """What was not delivered and why, in words for the log and the queue."""

    name: str
    destination: str
    reason: str


class _Again(Exception):
    """Worth another try, after `pause` seconds where the other side named them."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.pause = reason, pause


class _Refused(Exception):
    """No try within this invocation can help."""


def deliver(deliveries: list[Delivery], service: Service, settings: Settings, until: float) -> list[Failure]:
    """Tries every one at least once before any pause. `until` in time.monotonic(). Gives what was not taken."""
    failures: list[Failure] = []
    waiting = [delivery for delivery in deliveries if not _already(delivery, service)]
    while waiting:
        delivery = min(waiting, key=lambda one: one.due)
        waiting.remove(delivery)
        pause = delivery.due - time.monotonic()
        if max(pause, 0) + SHORTEST_ATTEMPT_SECONDS > until - time.monotonic():
            failures.append(_failed(delivery, service, delivery.reason or "no time was left to try"))
            continue
        if pause > 0:
            time.sleep(pause)
        untried = 1 + sum(1 for one in waiting if not one.tries)
        try:
            _attempt(delivery, service, settings, min(ATTEMPT_SECONDS, (until - time.monotonic()) / untried))
        except _Again as problem:
            delivery.reason = problem.reason
            delivery.due = time.monotonic() + _pause(delivery.tries, problem.pause)
            waiting.append(delivery)
            _log("info", "retried", delivery, service, reason=problem.reason)
        except _Refused as problem:
            failures.append(_failed(delivery, service, str(problem)))
    return failures


def _already(delivery: Delivery, service: Service) -> bool:
    if delivery.key in _taken:
        _log("info", "already delivered", delivery, service)
        return True
    return False


def _attempt(delivery: Delivery, service: Service, settings: Settings, seconds: float) -> None:
    """One try; returns when the message is taken or has become void."""
    began = time.monotonic()
    delivery.tries += 1
    # Asked at every try: while this one waited, a newer event of the same alarm may have gone out.
    overtaken = late(delivery.notification) or delivery.overtaken
    payload = service.payload(delivery.notification, overtaken)
    if payload is None:
        _done(delivery, service, "overtaken", now=overtaken)
        return
    answer = _send(payload, delivery.destination.secret, service, settings, began + seconds)
    if not service.taken(answer):
        raise _judged(answer)
    _done(
        delivery, service, "delivered" if not overtaken else "delivered late",
        status=answer.status, ms=round((time.monotonic() - began) * 1000),
    )  # fmt: skip


def _send(payload: dict[str, Any], secret: str, service: Service, settings: Settings, until: float) -> Response:
    """Posts it; where the secret is refused once more with the present value, if that is another one."""
    value = _secret(secrets.value, secret, settings, until)
    answer = _post(payload, secret, value, service, settings, until)
    if not service.taken(answer) and (answer.status in REFUSED_SECRET or service.names_the_secret(answer)):
        present = _secret(secrets.refreshed, secret, settings, until)
        if present != value:
            answer = _post(payload, secret, present, service, settings, until)
            value = present
    return answer._replace(body=answer.body.replace(value, "***"))


def _secret(read: Callable[[str, float, float], str], secret: str, settings: Settings, until: float) -> str:
    try:
        return read(secret, settings.secret_ttl, until - time.monotonic())
    except secrets.CannotAsk as problem:
        raise _Again(str(problem)) from None
    except secrets.NoValue as problem:
        raise _Refused(str(problem)) from None


def _post(
    payload: dict[str, Any], secret: str, value: str, service: Service, settings: Settings, until: float
) -> Response:
    try:
        address, body = service.addressed(payload, value, settings)
        to = target(address)
    except ValueError as problem:
        raise _Refused(f"secret {secret} cannot be used: it holds {problem}") from None
    headers = {"Content-Type": "application/json", "User-Agent": "alert-forwarder"}
    try:
        return request("POST", to, json.dumps(body).encode(), headers, until - time.monotonic())
    except Unreachable as problem:
        if problem.heals:
            raise _Again(problem.reason) from None
        raise _Refused(problem.reason) from None


def _judged(answer: Response) -> Exception:
    """429 and 5xx pass; anything else that is no success will be the same in a second."""
    said = " ".join(answer.body.split())[:200]
    reason = f"answered {answer.status}{f': {said}' if said else ''}"
    if answer.status == 429 or answer.status >= 500:
        return _Again(reason, answer.retry_after)
    if 300 <= answer.status < 400:
        return _Refused(f"answered {answer.status}: redirects are not followed")
    return _Refused(reason)


def _pause(tries: int, wanted: float | None) -> float:
    """What the other side asked for, else twice as long each time; jitter on top, so that instances part."""
    jitter = os.urandom(1)[0] / 255
    if wanted is not None:
        return wanted + jitter * 0.25
    return float(min(FIRST_PAUSE_SECONDS * 2 ** (tries - 1), LONGEST_PAUSE_SECONDS)) * (0.5 + jitter / 2)


def _done(delivery: Delivery, service: Service, outcome: str, **fields: Any) -> None:
    _taken[delivery.key] = None
    if len(_taken) > KEPT_DELIVERIES:
        del _taken[next(iter(_taken))]
    _log("info", outcome, delivery, service, **fields)


def _failed(delivery: Delivery, service: Service, reason: str) -> Failure:
    _log("error", "not delivered", delivery, service, reason=reason)
    return Failure(delivery.notification.name, delivery.destination.label, reason)


def _log(level: str, outcome: str, delivery: Delivery, service: Service, **fields: Any) -> None:
    told = delivery.notification
    log(
        level, outcome, service=service.name, destination=delivery.destination.label, alarm=told.name, kind=told.kind,
        state=told.state, severity=told.severity, message_id=told.message_id, tries=delivery.tries or None, **fields,
    )  # fmt: skip
