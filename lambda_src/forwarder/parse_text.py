"""A message that is no known JSON: its text, readable, under the topic's severity."""

from forwarder.links import offered
from forwarder.notification import FIRING, Notification, Record
from forwarder.settings import Settings
from forwarder.severity import decide
from forwarder.text import clean, cut, line


def parse_text(record: Record, settings: Settings, note: str = "") -> Notification:
    """The text as it stands. Labels may come as message attributes (severity, category, plane, service)."""
    labels = dict(record.attributes)
    body = clean(record.message)
    title = line(record.subject) or line(body.split("\n")[0]) or "An empty message"
    facts = [("Topic", record.topic), ("Note", note)]
    facts += [(key, value) for key, value in record.attributes if key not in ("category", "plane", "service")]
    return Notification(
        kind="text",
        name=cut(title, 200),
        state=FIRING,
        severity=decide(labels.get("severity", ""), settings.topic_severities.get(record.topic)),
        summary=cut(title, 500),
        body=body,
        category=labels.get("category", ""),
        plane=labels.get("plane", ""),
        service=labels.get("service", ""),
        source=record.topic or "sns",
        facts=tuple((label, value) for label, value in facts if value),
        links=offered([("Dashboard", settings.grafana_url), ("Runbook", settings.runbooks_url)]),
        dedup_key=f"message/{record.topic_arn}/{record.message_id}",
        ends=False,
        at=record.sent_at,
        message_id=record.message_id,
    )
