"""JSON of no service's own: an error budget's band, an RDS event subscription, or anybody's object."""

from typing import Any

from forwarder.notification import FIRING, RESOLVED, Notification, Record
from forwarder.parse_text import labelled, links, titled
from forwarder.settings import Settings
from forwarder.text import clean, epoch, facts, flatten, line, mapping, number, scalar, word

LABELS = ("severity", "category", "plane", "service")
TITLES = ("title", "summary", "subject", "name", "alertname", "event", "Event", "message", "Message")
BODIES = ("description", "body", "text", "message", "Message", "detail", "details", "reason", "Cause", "action")


def parse_json(content: dict[str, Any], record: Record, settings: Settings) -> Notification:
    """Labels are read at the top level, under `labels`, and from the message's attributes, in this order."""
    labels = dict(record.attributes)
    for given in (mapping(content.get("labels")), content):
        labels |= {key: word(given[key]) for key in LABELS if word(given.get(key))}
    title = next((text for key in TITLES if (text := scalar(content.get(key)))), "")
    texts = (content.get(key) for key in BODIES)
    body = next((clean(text) for text in texts if isinstance(text, str) and text), "")
    note = labelled(record, settings, labels, title or line(record.subject) or "A message in JSON")._replace(
        state=RESOLVED if word(content.get("status")).lower() in ("resolved", "ok", "closed") else FIRING,
        body=body or clean(record.message),
        facts=tuple(flatten({key: value for key, value in content.items() if key not in ("labels", *BODIES)})),
        links=links(settings, word(content.get("runbook_url")), word(content.get("dashboard_url"))),
    )
    if "Event Source" in content and "Event Message" in content:
        source, message = line(content.get("Source ID")), clean(content.get("Event Message"))
        return rds_event(note, source, message, settings)._replace(
            at=epoch(content.get("Event Time")) or note.at,
            facts=facts(("Resource", source), ("Event", word(content.get("Event ID")).rpartition("#")[2])),
        )
    if "slo" in content and ("band" in content or "remaining" in content):
        note = _budget_band(content, note, body)
    # Without a key of its own such a message cannot say which incident it would end.
    return note._replace(dedup_key="") if note.state == RESOLVED else note


def _budget_band(content: dict[str, Any], note: Notification, body: str) -> Notification:
    """`{"slo": "control_plane", "remaining": 0.31, "band": "25-50", "previous": "50-100", "action": "…"}`"""
    slo, band, before = (scalar(content.get(key)) for key in ("slo", "band", "previous"))
    left = content.get("remaining")
    share = f"{number(left * 100)} %" if isinstance(left, float) else scalar(left)
    title = f"Error budget of {slo}: {f'{share} left' if share else f'band {band}'}"
    return titled(note, title, body or title)._replace(
        change=f"{before} → {band}" if before and band else "",
        category=note.category or "slo",
        source=slo or note.source,
        facts=facts(("Left", share), ("Band", band), ("Band before", before), ("SLO", slo)),
    )


def rds_event(note: Notification, source: str, message: str, settings: Settings) -> Notification:
    """What RDS says of one of its databases, by event subscription or by EventBridge."""
    category, plane, service = labels_of(source, settings, "database")
    return titled(note, f"RDS {source or 'event'}: {line(message) or note.name}", message)._replace(
        category=note.category or category,
        plane=note.plane or plane,
        service=note.service or service,
        source=source or note.source,
    )


def labels_of(identifier: str, settings: Settings, category: str, service: str = "") -> tuple[str, str, str]:
    """Category, plane and service of a resource, from the catalogue where the function was given it.

    Without a catalogue it has the category of its kind; what the catalogue does not know has none.
    """
    if settings.resources is None:
        return category, "", service
    return settings.resources.get(identifier, ("", "", ""))
