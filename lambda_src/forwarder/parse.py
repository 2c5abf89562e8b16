"""Understands every message shape; what it does not know becomes text."""

import json
from typing import Any

from forwarder.notification import Notification, Record
from forwarder.parse_alarm import is_alarm, parse_alarm
from forwarder.parse_text import parse_text
from forwarder.settings import Settings


def parse(record: Record, settings: Settings) -> list[Notification]:
    """At least one notification for each record. Never raises: a shape that breaks its parser is told as text."""
    try:
        return _parse(record, settings)
    except Exception as problem:  # a defect of ours must not cost the message
        return [parse_text(record, settings, f"not understood: {type(problem).__name__}")]


def _parse(record: Record, settings: Settings) -> list[Notification]:
    # The other parsers are imported when a message needs them: a cold start pays for what it uses.
    content = as_json(record.message)
    if isinstance(content, dict):
        if is_alarm(content):
            return [parse_alarm(content, record, settings)]
        if content.get("alerts") and isinstance(content["alerts"], list):
            from forwarder.parse_alertmanager import parse_alerts

            if alerts := parse_alerts(content, record, settings):
                return alerts
        if isinstance(content.get("detail-type"), str) and isinstance(content.get("source"), str):
            from forwarder.parse_event import parse_event

            return [parse_event(content, record, settings)]
        from forwarder.parse_json import parse_json

        return [parse_json(content, record, settings)]
    if "Alerts Firing:" in record.message or "Alerts Resolved:" in record.message:
        from forwarder.parse_alertmanager import parse_default_text

        if alerts := parse_default_text(record, settings):
            return alerts
    return [parse_text(record, settings)]


def as_json(message: str) -> Any:
    """The message's JSON, or None: numbers too long and nesting too deep count as text."""
    if not message.lstrip().startswith("{"):
        return None
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None
