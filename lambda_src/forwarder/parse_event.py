"""EventBridge events: RDS, ECS, Health, GuardDuty; any other source as its facts."""

from typing import Any

from forwarder.links import offered
from forwarder.notification import FIRING, RESOLVED, Notification, Record
from forwarder.parse_json import database_labels
from forwarder.settings import Settings
from forwarder.severity import CRITICAL, WARNING
from forwarder.text import clean, cut, epoch, flatten, line, scalar, word

# RDS events that tell of a failover, for messages whose categories do not say so.
FAILOVERS = ("0013", "0015", "0034", "0049", "0050", "0051", "0065", "0069", "0070", "0071", "0072", "0073")
CRITICAL_FINDING = 7.0  # GuardDuty calls findings from 7.0 on high


def parse_event(content: dict[str, Any], record: Record, settings: Settings) -> Notification:
    """Severity from a table: Health open, GuardDuty from 7.0 and RDS failover are critical, the rest warnings."""
    detail = _mapping(content.get("detail"))
    kind, source = line(content["detail-type"]), line(content["source"])
    title = word(detail.get("eventName")) or kind
    base = Notification(
        kind="event",
        name=cut(kind, 200),
        state=FIRING,
        severity=WARNING,
        summary=cut(f"{source}: {title}", 500),
        body=_prose(detail),
        source=_resource(content, source),
        facts=(("Event", kind), *_place(content), *flatten(_telling(detail), 10)),
        links=offered([("Dashboard", settings.grafana_url), ("Runbook", settings.runbooks_url)]),
        dedup_key=f"event/{source}/{word(content.get('id')) or record.message_id}",
        ends=False,
        at=epoch(content.get("time")) or record.sent_at,
        message_id=record.message_id,
    )
    reader = {"aws.rds": _rds, "aws.ecs": _ecs, "aws.health": _health, "aws.guardduty": _guardduty}.get(source)
    return reader(base, content, detail, settings) if reader else base


def _rds(base: Notification, content: dict[str, Any], detail: dict[str, Any], settings: Settings) -> Notification:
    name, message = word(detail.get("SourceIdentifier")), clean(detail.get("Message"))
    categories = detail.get("EventCategories")
    event = word(detail.get("EventID"))
    failover = "failover" in (categories if isinstance(categories, list) else []) or event[-4:] in FAILOVERS
    category, plane, service = database_labels(name, settings)
    title = f"RDS {name}: {line(message) or base.name}".replace("RDS : ", "RDS: ")
    return base._replace(
        name=cut(title, 200),
        severity=CRITICAL if failover else WARNING,
        summary=cut(title, 500),
        body=message or base.body,
        category=category,
        plane=plane,
        service=service,
        source=name or base.source,
    )


def _ecs(base: Notification, content: dict[str, Any], detail: dict[str, Any], settings: Settings) -> Notification:
    group = word(detail.get("group"))
    service = group.partition(":")[2] if group.startswith("service:") else ""
    reason = clean(detail.get("stoppedReason")) or clean(detail.get("reason")) or word(detail.get("eventName"))
    cluster = word(detail.get("clusterArn")).rpartition("/")[2]
    subject = service or word(detail.get("taskArn")).rpartition("/")[2] or base.source
    state = f" {word(detail.get('lastStatus')).lower()}" if "lastStatus" in detail else ""
    title = f"ECS {'task of ' if 'taskArn' in detail and service else ''}{subject}{state}: {line(reason) or base.name}"
    category, plane, known = (settings.resources or {}).get(service, ("service", "", service))
    shown = [
        ("Cluster", cluster),
        ("Service", service),
        ("Stop code", word(detail.get("stopCode"))),
        ("Containers", _containers(detail.get("containers"))),
        ("Task", word(detail.get("taskArn"))),
    ]
    return base._replace(
        name=cut(title, 200),
        summary=cut(title, 500),
        body=reason or base.body,
        category=category,
        plane=plane,
        service=known,
        source=subject,
        facts=(*_place(content), *((label, value) for label, value in shown if value)),
    )


def _containers(given: Any) -> str:
    """`web exited 137 (OutOfMemoryError)`, one for each container that says how it ended."""
    told: list[str] = []
    for item in _mappings(given):
        if code := scalar(item.get("exitCode")) or scalar(item.get("reason")):
            why = scalar(item.get("reason"))
            told.append(f"{scalar(item.get('name'))} exited {code}" + (f" ({why})" if why and why != code else ""))
    return ", ".join(told)


def _health(base: Notification, content: dict[str, Any], detail: dict[str, Any], settings: Settings) -> Notification:
    """An event that is open pages, and the same event closed ends that page. Notices without a fault never page."""
    status, code = word(detail.get("statusCode")).lower(), word(detail.get("eventTypeCode"))
    service = word(detail.get("service"))
    fault = word(detail.get("eventTypeCategory")) not in ("accountNotification", "scheduledChange")
    title = f"AWS Health: {service} {code.replace('_', ' ').lower()}".strip() + (f" ({status})" if status else "")
    key = word(detail.get("eventArn"))
    return base._replace(
        name=cut(title, 200),
        state=RESOLVED if status == "closed" else FIRING,
        severity=CRITICAL if fault and status in ("open", "closed") else WARNING,
        summary=cut(title, 500),
        body=_descriptions(detail.get("eventDescription")) or base.body,
        source=service or base.source,
        facts=(
            ("Event", code or base.name), *_place(content),
            *flatten({"Started": detail.get("startTime"), "Ended": detail.get("endTime"),
                      "Affected": _entities(detail.get("affectedEntities"))}),
        ),
        dedup_key=f"health/{key}" if key else base.dedup_key if status != "closed" else "",
        ends=bool(key),
    )  # fmt: skip


def _descriptions(given: Any) -> str:
    return "\n".join(text for item in _mappings(given) if (text := clean(item.get("latestDescription"))))


def _entities(given: Any) -> list[str]:
    return [text for item in _mappings(given) if (text := word(item.get("entityValue")))]


def _guardduty(base: Notification, content: dict[str, Any], detail: dict[str, Any], settings: Settings) -> Notification:
    """A finding has a severity; archiving one, or the scan of an object, has none and is a warning."""
    if isinstance(scan := detail.get("scanResultDetails"), dict):
        return _object_scan(base, content, detail, scan)
    value, title = detail.get("severity"), line(detail.get("title")) or line(detail.get("type"))
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not title:
        return base._replace(name=cut(f"GuardDuty: {word(detail.get('eventName')) or base.name}", 200))
    key = line(detail.get("arn")) or line(detail.get("id"))
    shown = [
        ("Type", line(detail.get("type"))),
        ("Severity of the finding", scalar(value)),
        *flatten({"Resource": detail.get("resource")}, 6),
    ]
    return base._replace(
        name=cut(f"GuardDuty: {title}", 200),
        severity=CRITICAL if value >= CRITICAL_FINDING else WARNING,
        summary=cut(f"GuardDuty: {title}", 500),
        body=clean(detail.get("description")) or title,
        category="security",
        facts=(*_place(content), *((label, text) for label, text in shown if text)),
        dedup_key=f"guardduty/{key}" if key else base.dedup_key,
    )


def _object_scan(
    base: Notification, content: dict[str, Any], detail: dict[str, Any], scan: dict[str, Any]
) -> Notification:
    threats = ", ".join(text for item in _mappings(scan.get("threats")) if (text := line(item.get("name"))))
    item = _mapping(detail.get("s3ObjectDetails"))
    where = "/".join(text for text in (line(item.get("bucketName")), line(item.get("objectKey"))) if text)
    result = line(scan.get("scanResultStatus")).replace("_", " ").lower()
    title = f"GuardDuty object scan: {result or 'no result'}"
    title += (f" ({threats})" if threats else "") + (f" in {where}" if where else "")
    shown = [("Result", result), ("Threats", threats), ("Object", where), ("Scan", line(detail.get("scanStatus")))]
    return base._replace(
        name=cut(title, 200),
        summary=cut(title, 500),
        body=title,
        category="security",
        source=where or base.source,
        facts=(*_place(content), *((label, text) for label, text in shown if text)),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _place(content: dict[str, Any]) -> list[tuple[str, str]]:
    shown = [("Account", word(content.get("account"))), ("Region", word(content.get("region")))]
    return [(label, value) for label, value in shown if value]


def _resource(content: dict[str, Any], source: str) -> str:
    given = content.get("resources")
    first = line(given[0]) if isinstance(given, list) and given and isinstance(given[0], str) else ""
    return first or source


def _prose(detail: dict[str, Any]) -> str:
    found = (detail.get(key) for key in ("description", "message", "Message", "reason"))
    return next((clean(text) for text in found if text and isinstance(text, str)), "")


def _telling(detail: dict[str, Any]) -> dict[str, Any]:
    """Without versions of formats, which tell a reader nothing."""
    return {key: value for key, value in detail.items() if key not in ("eventVersion", "schemaVersion", "version")}
