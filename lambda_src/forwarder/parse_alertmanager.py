"""Alertmanager's groups by way of SNS: this project's JSON template, or Alertmanager's default text."""

from hashlib import sha256
from typing import Any

from forwarder.notification import CRITICAL, FIRING, RESOLVED, Notification, Record
from forwarder.parse_text import SUMMARY, TITLE, decide, labelled, links
from forwarder.settings import Settings
from forwarder.text import clean, cut, facts, line, mapping, mappings, word

Bucket = tuple[str, str, str, str, str]  # severity, category, plane, service, and the alert's name where it divides
LABELS = ("severity", "category", "plane", "service")
MOST_SHOWN = 20  # alerts listed in one message; how many more there are is said


def parse_alerts(content: dict[str, Any], record: Record, settings: Settings) -> list[Notification]:
    """A group in JSON: one notification for each audience in it, one incident for the whole group."""
    labels = content.get("groupLabels")
    group = [record.topic_arn, clean(content.get("receiver")), *_pairs(labels)]
    return _notifications(mappings(content["alerts"]), _key(group), False, record, settings)


def parse_default_text(record: Record, settings: Settings) -> list[Notification]:
    """The text names no group, so that each alert name of a service is an incident of its own."""
    return _notifications(_read_text(record.message), "", True, record, settings)


def _notifications(
    alerts: list[dict[str, Any]], group_key: str, by_name: bool, record: Record, settings: Settings
) -> list[Notification]:
    buckets: dict[Bucket, list[dict[str, Any]]] = {}
    for alert in alerts:
        labels = mapping(alert.get("labels"))
        given = word(labels.get("severity")) or dict(record.attributes).get("severity", "")
        # `none` is the heartbeat's: it goes to its own listener, and here to nobody.
        severity = given if given == "none" else decide(given, settings.topic_severities.get(record.topic))
        category, plane, service = (word(labels.get(key)) for key in LABELS[1:])
        buckets.setdefault((severity, category, plane, service, _name(alert) if by_name else ""), []).append(alert)
    pages = any(_fires(alerts) for bucket, alerts in buckets.items() if bucket[0] == CRITICAL)
    told = []
    for bucket, members in buckets.items():
        key = group_key or _key([record.topic_arn, *bucket])
        # Only what pages opens an incident, and while a part of the group still pages nothing ends it.
        opens = bucket[0] == CRITICAL and (_fires(members) or by_name or not pages)
        told.append(_notification(bucket, members, key if opens else "", record, settings))
    return told


def _notification(
    bucket: Bucket, members: list[dict[str, Any]], key: str, record: Record, settings: Settings
) -> Notification:
    shown = [alert for alert in members if _status(alert) == FIRING] or members
    first, labels = shown[0], mapping(shown[0].get("labels"))
    names = list(dict.fromkeys(_name(alert) for alert in shown))
    title = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    told = _annotation(first, "summary") or _annotation(first, "description")
    count = f" ({len(shown)} alerts)" if len(shown) > 1 else ""
    note = labelled(record, settings, dict(zip(LABELS, bucket, strict=False)), title)
    others = {line(label): word(value) for label, value in labels.items() if label not in ("alertname", *LABELS)}
    return note._replace(
        kind="alertmanager",
        state=_status(first),
        severity=bucket[0],
        summary=cut(f"{title}{count}{f': {told}' if told else ''}", SUMMARY),
        body=_body(members),
        source=note.service or others.get("instance", "") or cut(names[0], TITLE),
        facts=facts(
            ("Category", note.category), ("Plane", note.plane), ("Service", note.service),
            ("Since", word(first.get("startsAt"))), *others.items(),
        )[:12],
        links=links(
            settings, _annotation(first, "runbook_url"), _annotation(first, "dashboard_url"),
            (("Prometheus", word(first.get("generatorURL"))),),
        ),
        dedup_key=key,
        subject=key,
        ends=True,
        adds_up=True,
    )  # fmt: skip


def _body(members: list[dict[str, Any]]) -> str:
    """A paragraph for each alert, those that fire first."""
    ordered = sorted(members, key=lambda alert: _status(alert) != FIRING)
    told = [_paragraph(alert) for alert in ordered[:MOST_SHOWN]]
    more = len(ordered) - MOST_SHOWN
    return "\n".join(told + ([f"… and {more} more"] if more > 0 else []))


def _paragraph(alert: dict[str, Any]) -> str:
    words = [_annotation(alert, key) for key in ("summary", "description", "impact", "action")]
    instance = word(mapping(alert.get("labels")).get("instance"))
    head = f"{_name(alert)}{f' on {instance}' if instance else ''} [{_status(alert)}]"
    return " — ".join([head, *dict.fromkeys(text for text in words if text)])


def _read_text(message: str) -> list[dict[str, Any]]:
    """`Labels:` begins an alert, ` - name = value` adds to its labels or annotations, `Source:` ends it."""
    found: list[dict[str, Any]] = []
    status, part, last = FIRING, "", ""
    for text in message.split("\n"):
        bare = text.strip()
        if bare.startswith(("Alerts Firing:", "Alerts Resolved:")):
            status, part = (FIRING if "Firing" in bare else RESOLVED), ""
        elif bare == "Labels:":
            found.append({"status": status, "labels": {}, "annotations": {}})
            part = "labels"
        elif bare == "Annotations:" and found:
            part = "annotations"
        elif bare.startswith("Source:") and found:
            found[-1]["generatorURL"], part = bare[7:].strip(), ""
        elif part and text.startswith(" - ") and " = " in text:
            last, _, value = text[3:].partition(" = ")
            found[-1][part][last] = value
        elif part and last in found[-1][part]:
            found[-1][part][last] += f"\n{text}"  # an annotation may have several lines
    return found


def _fires(alerts: list[dict[str, Any]]) -> bool:
    return any(_status(alert) == FIRING for alert in alerts)


def _status(alert: dict[str, Any]) -> str:
    return RESOLVED if word(alert.get("status")).lower() == RESOLVED else FIRING


def _name(alert: dict[str, Any]) -> str:
    return word(mapping(alert.get("labels")).get("alertname")) or "An alert without a name"


def _annotation(alert: dict[str, Any], key: str) -> str:
    return word(mapping(alert.get("annotations")).get(key))


def _pairs(labels: Any) -> list[str]:
    return [f"{clean(key)}={clean(value)}" for key, value in sorted(mapping(labels).items())]


def _key(parts: list[str]) -> str:
    return "alertmanager/" + sha256("\x00".join(parts).encode()).hexdigest()[:40]
