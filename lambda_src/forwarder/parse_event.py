"""EventBridge events: RDS, ECS, Health, GuardDuty; any other source as its facts."""

from typing import Any

from forwarder.notification import CRITICAL, FIRING, RESOLVED, WARNING, Notification, Record
from forwarder.parse_json import labels_of, rds_event
from forwarder.parse_text import labelled, titled
from forwarder.settings import Settings
from forwarder.text import clean, epoch, facts, flatten, line, mapping, mappings, scalar, word

# RDS events that tell of a failover, for messages whose categories do not say so.
FAILOVERS = ("0013", "0015", "0034", "0049", "0050", "0051", "0065", "0069", "0070", "0071", "0072", "0073")
CRITICAL_FINDING = 7.0  # GuardDuty calls findings from 7.0 on high
UNTELLING = ("eventVersion", "schemaVersion", "version", "awsRegion")  # told elsewhere, or nothing to a reader
Detail = dict[str, Any]


def parse_event(content: dict[str, Any], record: Record, settings: Settings) -> Notification:
    """Severity from a table: Health open, GuardDuty from 7.0 and RDS failover are critical, the rest warnings."""
    detail = mapping(content.get("detail"))
    kind, source = line(content["detail-type"]), line(content["source"])
    texts = (detail.get(key) for key in ("description", "message", "Message", "reason"))
    resources = content.get("resources")
    place = facts(("Account", word(content.get("account"))), ("Region", word(content.get("region"))))
    telling = {key: value for key, value in detail.items() if key not in UNTELLING}
    title = f"{source}: {word(detail.get('eventName')) or kind}"
    note = labelled(record, settings, {}, title)._replace(
        kind="event",
        severity=WARNING,
        body=next((clean(text) for text in texts if text and isinstance(text, str)), ""),
        source=(line(resources[0]) if isinstance(resources, list) and resources else "") or source,
        facts=(("Event", kind), *flatten(telling, 10), *place),
        dedup_key=f"event/{source}/{word(content.get('id')) or record.message_id}",
        at=epoch(content.get("time")) or record.sent_at,
    )
    reader = {"aws.rds": _rds, "aws.ecs": _ecs, "aws.health": _health, "aws.guardduty": _guardduty}.get(source)
    if reader is None:
        return note
    read = reader(note, detail, settings)
    return read if read.facts is note.facts else read._replace(facts=(*read.facts, *place))


def _rds(note: Notification, detail: Detail, settings: Settings) -> Notification:
    failover = "failover" in str(detail.get("EventCategories")) or word(detail.get("EventID"))[-4:] in FAILOVERS
    note = note._replace(severity=CRITICAL if failover else WARNING)
    return rds_event(note, word(detail.get("SourceIdentifier")), clean(detail.get("Message")), settings)


def _ecs(note: Notification, detail: Detail, settings: Settings) -> Notification:
    group, task = word(detail.get("group")), word(detail.get("taskArn"))
    service = group[8:] if group.startswith("service:") else ""
    reason = clean(detail.get("stoppedReason")) or clean(detail.get("reason")) or note.name
    category, plane, known = labels_of(service, settings, "service", service)
    subject = service or task.rpartition("/")[2] or note.source
    return titled(note, f"ECS {subject} {word(detail.get('lastStatus')).lower()}: {line(reason)}", reason)._replace(
        category=category,
        plane=plane,
        service=known,
        source=subject,
        facts=facts(
            ("Cluster", word(detail.get("clusterArn")).rpartition("/")[2]),
            ("Service", service),
            ("Stop code", word(detail.get("stopCode"))),
            ("Containers", ", ".join(_ended(item) for item in mappings(detail.get("containers")))),
            ("Task", task),
        ),
    )


def _ended(container: Detail) -> str:
    """`web exited 137 (OutOfMemoryError)`."""
    code, reason = scalar(container.get("exitCode")), scalar(container.get("reason"))
    return f"{scalar(container.get('name'))}{f' exited {code}' if code else ''}{f' ({reason})' if reason else ''}"


def _health(note: Notification, detail: Detail, settings: Settings) -> Notification:
    """An event that is open pages, and the same event closed ends that page. Notices without a fault never page."""
    status, code = word(detail.get("statusCode")).lower(), word(detail.get("eventTypeCode"))
    service, key = word(detail.get("service")), word(detail.get("eventArn"))
    fault = word(detail.get("eventTypeCategory")) not in ("accountNotification", "scheduledChange")
    texts = (clean(item.get("latestDescription")) for item in mappings(detail.get("eventDescription")))
    things = (word(item.get("entityValue")) for item in mappings(detail.get("affectedEntities")))
    title = f"AWS Health: {service} {code.replace('_', ' ').lower()} ({status})"
    return titled(note, title, "\n".join(texts).strip())._replace(
        state=RESOLVED if status == "closed" else FIRING,
        severity=CRITICAL if fault and status in ("open", "closed") else WARNING,
        source=service or note.source,
        facts=facts(
            ("Event", code),
            ("Affected", ", ".join(things)),
            ("Started", word(detail.get("startTime"))),
            ("Ended", word(detail.get("endTime"))),
        ),
        dedup_key=f"health/{key}" if key else "" if status == "closed" else note.dedup_key,
        subject=f"health/{key}" if key else "",
        ends=bool(key),
    )


def _guardduty(note: Notification, detail: Detail, settings: Settings) -> Notification:
    """A finding has a severity; archiving one, or the scan of an object, has none and is a warning."""
    if scan := mapping(detail.get("scanResultDetails")):
        return _object_scan(note, detail, scan)
    value, title = detail.get("severity"), line(detail.get("title")) or line(detail.get("type"))
    if type(value) not in (int, float) or not title:
        return note
    key = line(detail.get("arn")) or line(detail.get("id"))
    return titled(note, f"GuardDuty: {title}", clean(detail.get("description")))._replace(
        severity=CRITICAL if float(str(value)) >= CRITICAL_FINDING else WARNING,
        category="security",
        facts=facts(
            ("Type", line(detail.get("type"))),
            ("Severity of the finding", scalar(value)),
            *flatten({"Resource": detail.get("resource")}, 6),
        ),
        dedup_key=f"guardduty/{key}" if key else note.dedup_key,
    )


def _object_scan(note: Notification, detail: Detail, scan: Detail) -> Notification:
    threats = ", ".join(line(item.get("name")) for item in mappings(scan.get("threats")))
    item = mapping(detail.get("s3ObjectDetails"))
    where = f"{line(item.get('bucketName'))}/{line(item.get('objectKey'))}".strip("/")
    result = line(scan.get("scanResultStatus")).replace("_", " ").lower() or "no result"
    title = f"GuardDuty object scan: {result}{f' ({threats})' if threats else ''}{f' in {where}' if where else ''}"
    return titled(note, title, title)._replace(
        category="security",
        source=where or note.source,
        facts=facts(("Result", result), ("Threats", threats), ("Object", where)),
    )
