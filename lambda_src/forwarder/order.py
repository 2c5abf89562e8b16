"""An older event never overrides a newer state: what this instance has seen, and what CloudWatch says."""

import time
from collections.abc import Callable

from forwarder.alarms import Present
from forwarder.notification import FIRING, NO_DATA, RESOLVED, Notification

STALE_SECONDS = 60.0  # an event older than this is a retry or a redrive
SETTLING_SECONDS = 1800.0  # an alarm edited this recently has its first data, not a recovery
KEPT_ALARMS = 2000
STATES = {"ALARM": FIRING, "OK": RESOLVED}

# The alarm's newest state that is not "no data": when, which, and which one was before it.
_seen: dict[str, tuple[float, str, str]] = {}


def remember(notification: Notification) -> None:
    """Keeps the alarm's newest definite state, in this instance's memory."""
    if not notification.arn or notification.state == NO_DATA or not notification.at:
        return
    at, state, _ = _seen.get(notification.arn, (0.0, "", ""))
    if notification.at > at:
        _seen.pop(notification.arn, None)
        _seen[notification.arn] = (notification.at, notification.state, state)
        if len(_seen) > KEPT_ALARMS:
            del _seen[next(iter(_seen))]


def late(notification: Notification) -> str:
    """The state (FIRING or RESOLVED) that a newer event has brought already; empty when there is none."""
    at, state, _ = _seen.get(notification.arn, (0.0, "", ""))
    return state if at > notification.at > 0 and state != notification.state and notification.state != NO_DATA else ""


def superseded(notification: Notification, ask: Callable[[str], Present | None]) -> str:
    """For an event of an alarm that is older than a minute: the state that the alarm has now, if that is the opposite.

    Empty when the event still holds, and when CloudWatch cannot be asked or does not know the alarm. No data is no end:
    the incident of an alarm that has lost its data stays open.
    """
    old = notification.at and time.time() - notification.at > STALE_SECONDS
    if not old or not notification.arn.startswith("arn:") or notification.state == NO_DATA:
        return ""
    present = ask(notification.arn)
    if present is None or (present.since and present.since + 1 < notification.at):
        return ""
    state = STATES.get(present.state, "")
    return state if state != notification.state else ""


def is_first_data(notification: Notification) -> bool:
    """True for an OK that ends no trouble: the alarm is new, or had lost its data while all was well."""
    if notification.state != RESOLVED or notification.old_state != "INSUFFICIENT_DATA":
        return False
    at, state, before = _seen.get(notification.arn, (0.0, "", ""))
    known = before if at == notification.at else state
    if known:
        return known != FIRING
    return 0 <= notification.at - notification.configured_at < SETTLING_SECONDS
