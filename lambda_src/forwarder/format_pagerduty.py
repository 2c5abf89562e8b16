"""PagerDuty Events API v2: a trigger or a resolve for one notification. Pure; every limit of the API is kept."""

import time
from typing import Any

from forwarder.notification import FIRING, Notification
from forwarder.text import cut

SUMMARY, FIELD, KEY, DETAIL, BODY, ADDRESS = 1024, 255, 255, 1000, 8000, 2000
NO_END = "Nothing will resolve this incident by itself: resolve it by hand."


def event(notification: Notification, overtaken: str) -> dict[str, Any] | None:
    """The event without its routing key. None when a newer state has come since: nothing is opened or ended then."""
    if overtaken:
        return None
    fires = notification.state == FIRING
    return {
        "event_action": "trigger" if fires else "resolve",
        "dedup_key": dedup_key(notification.dedup_key),
        "payload": _payload(notification),
        **({"links": _links(notification), "client": "AWS"} if fires else {}),
    }


def dedup_key(key: str) -> str:
    """The key itself, or a digest of it where it is longer than PagerDuty takes."""
    if len(key) <= KEY:
        return key
    from hashlib import sha256

    return f"{key[:180]}/{sha256(key.encode()).hexdigest()}"


def _payload(notification: Notification) -> dict[str, Any]:
    fields = {
        "summary": cut(notification.summary or notification.name, SUMMARY),
        "source": cut(notification.source or notification.name, FIELD),
        "severity": notification.severity,
        "timestamp": _timestamp(notification.at),
        "component": cut(notification.service or notification.source, FIELD),
        "group": cut(notification.plane, FIELD),
        "class": cut(notification.category, FIELD),
    }
    return {**{key: value for key, value in fields.items() if value}, "custom_details": _details(notification)}


def _details(notification: Notification) -> dict[str, str]:
    details = {
        "name": cut(notification.name, FIELD),
        "state": notification.change or notification.state,
        "severity": notification.severity,
        "description": cut(notification.body, BODY),
        "note": NO_END if notification.state == FIRING and not notification.ends else "",
    }
    for label, value in notification.facts:
        details.setdefault(label.lower(), cut(value, DETAIL))
    return {key: value for key, value in details.items() if value}


def _links(notification: Notification) -> list[dict[str, str]]:
    return [{"href": address, "text": text} for text, address in notification.links if len(address) <= ADDRESS]


def _timestamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) if at > 0 else ""
