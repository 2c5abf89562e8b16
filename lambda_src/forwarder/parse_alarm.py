"""A CloudWatch alarm's state change: metric, metric math, anomaly detection, composite."""

from typing import Any

from forwarder.links import alarm_page, offered
from forwarder.notification import FIRING, NO_DATA, RESOLVED, Notification, Record
from forwarder.settings import Settings
from forwarder.severity import decide
from forwarder.text import clean, cut, epoch, line, number, word
from forwarder.units import SYMBOLS, duration, measure, unit_of

STATES = {"ALARM": FIRING, "OK": RESOLVED, "INSUFFICIENT_DATA": NO_DATA}
# The dimension that names the thing in trouble, most telling first.
RESOURCES = (
    "DBInstanceIdentifier", "DBClusterIdentifier", "CacheClusterId", "ReplicationGroupId", "ServiceName",
    "LoadBalancer", "TargetGroup", "FunctionName", "QueueName", "TopicName", "ClusterName",
)  # fmt: skip


class Reading:
    """What was measured and where the line is, in words; empty where the message does not say."""

    __slots__ = ("current", "dimensions", "metric", "resource", "threshold")

    def __init__(self, trigger: dict[str, Any], reason: str) -> None:
        metric, stat, self.dimensions = _measured(trigger)
        unit = unit_of(metric, word(trigger.get("Unit")))
        value = first_number(reason, "[")
        self.metric = metric
        self.resource = _resource(self.dimensions)
        self.current = "" if value is None else measure(value, unit)
        self.threshold = _threshold(trigger, stat, unit, reason)


def is_alarm(content: dict[str, Any]) -> bool:
    """True for CloudWatch's notification of a state change."""
    return isinstance(content.get("AlarmName"), str) and content.get("NewStateValue") in STATES


def parse_alarm(content: dict[str, Any], record: Record, settings: Settings) -> Notification:
    """The alarm as a notification. Labels and links come from the last lines of its description."""
    name = line(content["AlarmName"])
    new, old = content["NewStateValue"], word(content.get("OldStateValue"))
    about, labels, links = read_description(content.get("AlarmDescription"))
    arn = word(content.get("AlarmArn"))
    partition, region, account = _place(arn)
    account = account or word(content.get("AWSAccountId"))
    given = labels.get("severity", "")
    severity = decide(given, settings.topic_severities.get(record.topic))
    reason = clean(content.get("NewStateReason"))
    trigger = content.get("Trigger")
    reading = Reading(trigger if isinstance(trigger, dict) else {}, reason)
    source = reading.resource or labels.get("service", "") or name
    return Notification(
        kind="alarm",
        name=name,
        state=STATES[new],
        severity=severity,
        summary=_summary(name, new, reading, source, reason),
        body="\n".join(text for text in (about, reason) if text),
        category=labels.get("category", ""),
        plane=labels.get("plane", ""),
        service=labels.get("service", ""),
        source=source,
        change=f"{old} → {new}" if old else new,
        facts=_facts(reading, content, source, labels, given, account, region),
        links=offered(
            [
                ("CloudWatch", alarm_page(partition, region, name)),
                ("Dashboard", links.get("Dashboard", "") or settings.grafana_url),
                ("Runbook", links.get("Runbook", "") or settings.runbooks_url),
            ]
        ),
        dedup_key=arn or f"cloudwatch/{account}/{record.topic_arn}/{name}",
        at=epoch(content.get("StateChangeTime")),
        arn=arn or f"{record.topic_arn}/{name}",
        old_state=old,
        configured_at=epoch(content.get("AlarmConfigurationUpdatedTimestamp")),
        message_id=record.message_id,
    )


def read_description(value: Any) -> tuple[str, dict[str, str], dict[str, str]]:
    """The text without its last lines, the labels, and the links by their name."""
    about: list[str] = []
    labels: dict[str, str] = {}
    links: dict[str, str] = {}
    for text in clean(value).split("\n"):
        head, _, rest = text.strip().partition(":")
        if head == "Labels":
            for pair in rest.split(","):
                key, _, item = pair.partition("=")
                labels[key.strip()] = item.strip()
        elif head in ("Runbook", "Dashboard"):
            links[head] = rest.strip()
        else:
            about.append(text)
    return "\n".join(about).strip(), labels, links


def first_number(reason: str, before: str) -> float | None:
    """The number that follows `before`: `[82.0 (25/11/26 03:41:00)]` gives 82.0; None when none does."""
    _, found, rest = reason.partition(before)
    head = rest.lstrip("[ ").split("]")[0].split(",")[0].split(" ")[0] if found else ""
    try:
        value = float(head)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None


def _place(arn: str) -> tuple[str, str, str]:
    """Partition, region and account of an alarm's ARN: the message's own `Region` is a display name."""
    parts = arn.split(":", 6)
    return (parts[1], parts[3], parts[4]) if len(parts) == 7 and parts[0] == "arn" else ("", "", "")


def _measured(trigger: dict[str, Any]) -> tuple[str, str, list[tuple[str, str]]]:
    """The metric's name, its statistic and its dimensions, also where they lie inside metric math."""
    if trigger.get("MetricName"):
        stat = word(trigger.get("ExtendedStatistic")) or word(trigger.get("Statistic")).lower()
        return word(trigger["MetricName"]), stat, _dimensions(trigger.get("Dimensions"))
    entries = trigger.get("Metrics")
    metric, stat, found = "", "", []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        inner = entry.get("MetricStat")
        inner = inner if isinstance(inner, dict) else {}
        plain = inner.get("Metric")
        plain = plain if isinstance(plain, dict) else {}
        found += [pair for pair in _dimensions(plain.get("Dimensions")) if pair not in found]
        returned = entry.get("ReturnData") is True and entry.get("Id") != trigger.get("ThresholdMetricId")
        if returned or not metric:
            metric = word(plain.get("MetricName")) or word(entry.get("Label")) or word(entry.get("Expression"))
            stat = word(inner.get("Stat"))
    return metric, stat, found


def _dimensions(given: Any) -> list[tuple[str, str]]:
    pairs = [
        (word(item.get("name", item.get("Name"))), word(item.get("value", item.get("Value"))))
        for item in (given if isinstance(given, list) else [])
        if isinstance(item, dict)
    ]
    return [(name, value) for name, value in pairs if name and value]


def _resource(dimensions: list[tuple[str, str]]) -> str:
    named = dict(dimensions)
    for key in RESOURCES:
        if key in named:
            return named[key]
    return ", ".join(value for _, value in dimensions)


def _threshold(trigger: dict[str, Any], stat: str, unit: str, reason: str) -> str:
    """`> 80 % for 10 of 10 × 1 min`, `outside 1 % to 5 %`."""
    operator = word(trigger.get("ComparisonOperator"))
    symbol = SYMBOLS.get(operator, operator)
    line_at = trigger.get("Threshold")
    if trigger.get("ThresholdMetricId") or symbol in ("outside", "below", "above"):
        where = _band(unit, reason)
    elif isinstance(line_at, (int, float)) and not isinstance(line_at, bool):
        where = measure(float(line_at), unit)
    else:
        return ""
    return f"{symbol} {where}{_window(trigger)}{f' ({stat})' if stat else ''}".strip()


def _band(unit: str, reason: str) -> str:
    ends = [first_number(reason, f"{side} threshold{plural} [") for side in ("lower", "upper") for plural in ("s", "")]
    said = [measure(end, unit) for end in ends if end is not None]
    return " to ".join(said) if said else "the expected band"


def _window(trigger: dict[str, Any]) -> str:
    period, of, needed = (trigger.get(key) for key in ("Period", "EvaluationPeriods", "DatapointsToAlarm"))
    if not isinstance(of, int) or isinstance(of, bool):
        return ""
    needed = needed if isinstance(needed, int) and needed else of
    length = f" × {duration(period)}" if isinstance(period, int) and period > 0 else " periods"
    return f" for {number(needed)} of {number(of)}{length}"


def _summary(name: str, state: str, reading: Reading, source: str, reason: str) -> str:
    """One line for a pager's screen."""
    if reading.current and reading.threshold and state == "ALARM":
        told = f"{reading.metric} {reading.current} ({reading.threshold})"
    else:
        told = line(reason)
    where = f" on {source}" if source != name else ""
    return cut(f"{name}: {told}{where}" if told else f"{name} is {state}{where}", 500)


def _facts(
    reading: Reading,
    content: dict[str, Any],
    source: str,
    labels: dict[str, str],
    given: str,
    account: str,
    region: str,
) -> tuple[tuple[str, str], ...]:
    shown = [
        (f"Current {reading.metric}".strip(), reading.current),
        ("Threshold", reading.threshold),
        ("Rule", line(content.get("AlarmRule"))),
        ("Resource", source),
        ("Plane", labels.get("plane", "")),
        ("Service", labels.get("service", "")),
        ("Category", labels.get("category", "")),
        ("Severity as given", given if given != decide(given, None) else ""),
        ("Account", account),
        ("Region", region),
        ("Dimensions", ", ".join(f"{key}={value}" for key, value in reading.dimensions)),
    ]
    return tuple((label, value) for label, value in shown if value)
