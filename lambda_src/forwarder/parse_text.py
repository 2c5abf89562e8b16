"""A message that is no known JSON: its text, readable, under the topic's severity."""

from forwarder.labelled import labelled
from forwarder.notification import Notification, Record
from forwarder.settings import Settings
from forwarder.text import clean, facts, line


def parse_text(record: Record, settings: Settings, remark: str = "") -> Notification:
    """The text as it stands. Labels may come as message attributes (severity, category, plane, service)."""
    body = clean(record.message)
    title = line(record.subject) or line(body.split("\n")[0]) or "An empty message"
    shown = facts(("Topic", record.topic), ("Remark", remark), *record.attributes)
    return labelled(record, settings, dict(record.attributes), title)._replace(body=body, facts=shown)
