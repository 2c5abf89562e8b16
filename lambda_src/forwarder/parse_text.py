"""A message as text under its topic's severity, and what all messages have in common: labels, severity, links."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from forwarder.notification import CRITICAL, FIRING, INFO, WARNING, Notification, Record
from forwarder.settings import Settings
from forwarder.text import clean, cut, facts, line

TITLE, SUMMARY = 255, 500
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def parse_text(record: Record, settings: Settings, remark: str = "") -> Notification:
    """The text as it stands. Labels may come as message attributes (severity, category, plane, service)."""
    body = clean(record.message)
    title = line(record.subject) or line(body.split("\n")[0]) or "An empty message"
    shown = facts(("Topic", record.topic), ("Remark", remark), *record.attributes)
    return labelled(record, settings, dict(record.attributes), title)._replace(body=body, facts=shown)


def labelled(record: Record, settings: Settings, labels: Mapping[str, str], title: str) -> Notification:
    """A notification that fires, with its labels' severity, category, plane and service.

    Its incident is the message's own, so that nothing else can resolve it.
    """
    title = title or "Without a name"
    return Notification(
        kind="text",
        name=cut(title, TITLE),
        state=FIRING,
        severity=decide(labels.get("severity", ""), settings.topic_severities.get(record.topic)),
        summary=cut(title, SUMMARY),
        category=labels.get("category", ""),
        plane=labels.get("plane", ""),
        service=labels.get("service", ""),
        source=record.topic or "sns",
        links=links(settings),
        dedup_key=f"message/{record.topic_arn}/{record.message_id}",
        ends=False,
        at=record.sent_at,
        message_id=record.message_id,
    )


def decide(given: str, of_topic: str | None) -> str:
    """The severity that counts.

    `given` is the message's own word. A missing one is the topic's; a topic without one (empty or None) makes it
    critical. A word that nobody knows is critical, `none` (a heartbeat's) is info.
    """
    wanted = (given or of_topic or CRITICAL).strip().lower()
    if wanted == "none":
        return INFO
    return wanted if wanted in (CRITICAL, WARNING, INFO) else CRITICAL


def titled(note: Notification, title: str, body: str) -> Notification:
    """The same with another title; without a text of its own it keeps the one that it has."""
    return note._replace(name=cut(title, TITLE), summary=cut(title, SUMMARY), body=body or note.body or title)


def links(
    settings: Settings, runbook: str = "", dashboard: str = "", own: tuple[tuple[str, str], ...] = ()
) -> tuple[tuple[str, str], ...]:
    """The message's links, and the general ones for those that it does not bring."""
    general = (("Dashboard", dashboard or settings.grafana_url), ("Runbook", runbook or settings.runbooks_url))
    return offered([*own, *general])


def usable(address: str) -> bool:
    """True for an http(s) address that a button can carry."""
    if len(address) > 2000 or any(letter.isspace() for letter in address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def alarm_page(partition: str, region: str, name: str) -> str:
    """The alarm in the console of its partition; empty where the partition's console is not known."""
    host = CONSOLES.get(partition)
    if not host or not region.replace("-", "").isalnum():
        return ""
    return f"https://{region}.{host}/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name, safe='')}"


def offered(candidates: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The usable ones, each address once."""
    found: dict[str, str] = {}
    for text, address in candidates:
        if usable(address := clean(address)):
            found.setdefault(address, text)
    return tuple((text, address) for address, text in found.items())
