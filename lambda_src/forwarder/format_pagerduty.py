"""PagerDuty Events API v2: a trigger or a resolve for one note. Pure; every limit of the API is kept."""

import time
from typing import Any

from forwarder.notification import FIRING, Notification
from forwarder.text import cut

SUMMARY, FIELD, KEY, DETAIL, BODY, ADDRESS = 1024, 255, 255, 1000, 8000, 2000
NO_END = "Nothing will resolve this incident by itself: resolve it by hand."


def event(note: Notification, overtaken: str) -> dict[str, Any] | None:
    """The event without its routing key. None when a newer state has come since: nothing is opened or ended then."""
    if overtaken:
        return None
    fires = note.state == FIRING
    return {
        "event_action": "trigger" if fires else "resolve",
        "dedup_key": dedup_key(note.dedup_key),
        "payload": _payload(note),
        **({"links": _links(note), "client": "AWS"} if fires else {}),
    }


def dedup_key(key: str) -> str:
    """The key itself, or a digest of it where it is longer than PagerDuty takes."""
    if len(key) <= KEY:
        return key
    from hashlib import sha256

    return f"{key[:180]}/{sha256(key.encode()).hexdigest()}"


def _payload(note: Notification) -> dict[str, Any]:
    fields = {
        "summary": cut(note.summary or note.name, SUMMARY),
        "source": cut(note.source or note.name, FIELD),
        "severity": note.severity,
        "timestamp": _timestamp(note.at),
        "component": cut(note.service or note.source, FIELD),
        "group": cut(note.plane, FIELD),
        "class": cut(note.category, FIELD),
    }
    return {**{key: value for key, value in fields.items() if value}, "custom_details": _details(note)}


def _details(note: Notification) -> dict[str, str]:
    details = {
        "name": cut(note.name, FIELD),
        "state": note.change or note.state,
        "severity": note.severity,
        "description": cut(note.body, BODY),
        "note": NO_END if note.state == FIRING and not note.ends else "",
    }
    for label, value in note.facts:
        details.setdefault(label.lower(), cut(value, DETAIL))
    return {key: value for key, value in details.items() if value}


def _links(note: Notification) -> list[dict[str, str]]:
    return [{"href": address, "text": text} for text, address in note.links if len(address) <= ADDRESS]


def _timestamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) if at > 0 else ""
