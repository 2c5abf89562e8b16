"""JSON of no service's own: an error budget's band, an RDS event subscription, or anybody's object."""

from typing import Any

from forwarder.links import offered
from forwarder.notification import FIRING, RESOLVED, Notification, Record
from forwarder.parse_text import parse_text
from forwarder.settings import Settings
from forwarder.severity import decide
from forwarder.text import clean, cut, epoch, flatten, line, number, scalar, word

TITLES = ("title", "summary", "subject", "name", "alertname", "event", "Event", "message", "Message")
BODIES = ("description", "body", "text", "message", "Message", "detail", "details", "reason", "Cause")
ENDS = ("resolved", "ok", "closed")


def parse_json(content: dict[str, Any], record: Record, settings: Settings) -> Notification:
    """Labels are read at the top level, under `labels`, and from the message's attributes, in this order."""
    plain = parse_text(record, settings)
    labels = {**dict(record.attributes), **_labels(content.get("labels")), **_labels(content)}
    noted = plain._replace(
        severity=decide(labels.get("severity", ""), settings.topic_severities.get(record.topic)),
        category=labels.get("category", ""),
        plane=labels.get("plane", ""),
        service=labels.get("service", ""),
        facts=tuple(flatten({key: value for key, value in content.items() if key not in ("labels", *BODIES)})),
        links=offered([("Runbook", word(content.get("runbook_url")))]) or plain.links,
    )
    if "Event Source" in content and "Event Message" in content:
        return _rds_subscription(content, noted, settings)
    if "slo" in content and ("band" in content or "remaining" in content):
        return _budget_band(content, noted)
    title = next((text for key in TITLES if (text := scalar(content.get(key)))), "") or line(record.subject)
    body = next((text for key in BODIES if (text := _text(content.get(key)))), "")
    state = RESOLVED if word(content.get("status")).lower() in ENDS else FIRING
    name = cut(title or plain.name, 200)
    # Without a key of its own a message cannot say which incident it would end.
    return noted._replace(
        name=name, state=state, summary=cut(title or plain.name, 500), body=body or plain.body,
        dedup_key="" if state == RESOLVED else noted.dedup_key,
    )  # fmt: skip


def _labels(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        return {}
    return {key: text for key in ("severity", "category", "plane", "service") if (text := word(given.get(key)))}


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _budget_band(content: dict[str, Any], noted: Notification) -> Notification:
    """`{"slo": "control_plane", "remaining": 0.31, "band": "25-50", "previous": "50-100", "action": "…"}`"""
    slo, band = scalar(content.get("slo")), scalar(content.get("band"))
    before = scalar(content.get("previous")) or scalar(content.get("previous_band"))
    left = content.get("remaining")
    share = f"{number(left * 100)} %" if isinstance(left, (int, float)) and not isinstance(left, bool) else scalar(left)
    title = f"Error budget of {slo}: {f'{share} left' if share else f'band {band}'}"
    shown = [("Left", share), ("Band", band), ("Band before", before), ("SLO", slo)]
    action = _text(content.get("action")) or next((text for key in BODIES if (text := _text(content.get(key)))), "")
    return noted._replace(
        name=cut(title, 200),
        summary=cut(title, 500),
        body=action or title,
        change=f"{before} → {band}" if before and band else "",
        category=noted.category or "slo",
        source=slo or noted.source,
        facts=tuple((label, value) for label, value in shown if value),
    )


def _rds_subscription(content: dict[str, Any], noted: Notification, settings: Settings) -> Notification:
    """An RDS event subscription's own JSON, with or without its link lines."""
    source, message = line(content.get("Source ID")), clean(content.get("Event Message"))
    event = word(content.get("Event ID")).rpartition("#")[2]
    category, plane, service = database_labels(source, settings)
    title = f"RDS {source}: {line(message)}" if source else f"RDS: {line(message)}"
    shown = [("Source", line(content.get("Event Source"))), ("Resource", source), ("Event", event)]
    return noted._replace(
        name=cut(title, 200),
        summary=cut(title, 500),
        body=message,
        category=noted.category or category,
        plane=noted.plane or plane,
        service=noted.service or service,
        source=source or noted.source,
        facts=tuple((label, value) for label, value in shown if value),
        links=offered([("RDS event", word(content.get("Identifier Link")))]) or noted.links,
        at=epoch(content.get("Event Time")) or noted.at,
    )


def database_labels(identifier: str, settings: Settings) -> tuple[str, str, str]:
    """Category, plane and service of a database: from the catalogue where the function was given it."""
    if settings.resources is None:
        return "database", "", ""
    return settings.resources.get(identifier, ("", "", ""))
