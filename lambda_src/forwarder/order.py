"""An older event never overrides a newer state: what this instance has seen, and what CloudWatch says."""

import time
from typing import NamedTuple
from urllib.parse import quote

from forwarder.aws import call
from forwarder.notification import FIRING, NO_DATA, RESOLVED, Notification
from forwarder.post import Trouble
from forwarder.text import epoch

STALE_SECONDS = 60.0  # an event older than this is a retry or a redrive
SETTLING_SECONDS = 1800.0  # an alarm edited this recently has its first data, not a recovery
AHEAD_SECONDS = 300.0
KEPT_ALARMS = 2000
STATES = {"ALARM": FIRING, "OK": RESOLVED}

# The alarm's newest state that is not "no data": when, which, and which one was before it.
_seen: dict[str, tuple[float, str, str]] = {}


def remember(note: Notification) -> None:
    """Keeps the alarm's newest definite state, in this instance's memory."""
    # A time that lies ahead is a wrong one: kept, it would make everything that follows late.
    if not note.subject or note.state == NO_DATA or not 0 < note.at < time.time() + AHEAD_SECONDS:
        return
    at, state, _ = _seen.get(note.subject, (0.0, "", ""))
    if note.at > at:
        _seen.pop(note.subject, None)
        _seen[note.subject] = (note.at, note.state, state)
        if len(_seen) > KEPT_ALARMS:
            del _seen[next(iter(_seen))]


def late(note: Notification) -> str:
    """The state (FIRING or RESOLVED) that a newer event has brought already; empty when there is none."""
    at, state, _ = _seen.get(note.subject, (0.0, "", ""))
    return state if at > note.at > 0 and state != note.state and note.state != NO_DATA else ""


def superseded(note: Notification, own_account: str, seconds: float) -> str:
    """For an event of an alarm that is older than a minute: the state that the alarm has now, if that is the opposite.

    Empty when the event still holds, and when CloudWatch cannot be asked or does not know the alarm. No data is no end:
    the incident of an alarm that has lost its data stays open.
    """
    old = note.at and time.time() - note.at > STALE_SECONDS
    if not old or not note.subject.startswith("arn:") or note.state == NO_DATA:
        return ""
    present = present_state(note.subject, own_account, seconds)
    if present is None or (present.since and present.since + 1 < note.at):
        return ""
    state = STATES.get(present.state, "")
    return state if state != note.state else ""


def is_first_data(note: Notification) -> bool:
    """True for an OK that ends no trouble: the alarm is new, or had lost its data while all was well."""
    if note.state != RESOLVED or note.old_state != "INSUFFICIENT_DATA":
        return False
    at, state, before = _seen.get(note.subject, (0.0, "", ""))
    known = before if at == note.at else state
    if known:
        return known != FIRING
    return 0 <= note.at - note.configured_at < SETTLING_SECONDS


class Present(NamedTuple):
    """`since` in epoch seconds, 0 when CloudWatch did not say."""

    state: str
    since: float


def present_state(arn: str, own_account: str, seconds: float) -> Present | None:
    """None for what cannot be asked or is not found: an alarm of another account, no permission, no such alarm."""
    parts = arn.split(":", 6)
    if len(parts) != 7 or (own_account and parts[4] != own_account):
        return None
    # Both types are named: without it composite alarms are left out of the answer.
    body = (
        "Action=DescribeAlarms&Version=2010-08-01"
        "&AlarmTypes.member.1=CompositeAlarm&AlarmTypes.member.2=MetricAlarm"
        f"&AlarmNames.member.1={quote(parts[6], safe='')}"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    try:
        answer = call("monitoring", parts[3], headers, body.encode(), seconds)
    except Trouble:
        return None
    state = _between(answer.body, "StateValue") if answer.status == 200 else ""
    return Present(state, epoch(_between(answer.body, "StateUpdatedTimestamp"))) if state else None


def _between(xml: str, tag: str) -> str:
    """The tag's text: one alarm was asked for by its name, so that one is in the answer."""
    return xml.partition(f"<{tag}>")[2].partition("<")[0].strip()
