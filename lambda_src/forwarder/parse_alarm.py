"""A CloudWatch alarm's state change: metric, metric math, anomaly detection, composite."""

from typing import Any

from forwarder.notification import FIRING, NO_DATA, RESOLVED, Notification, Record
from forwarder.parse_text import SUMMARY, alarm_page, decide, labelled, links
from forwarder.settings import Settings
from forwarder.text import clean, cut, epoch, facts, line, mapping, mappings, number, word
from forwarder.units import SYMBOLS, duration, measure, unit_of

STATES = {"ALARM": FIRING, "OK": RESOLVED, "INSUFFICIENT_DATA": NO_DATA}
# The dimension that names the thing in trouble, most telling first.
RESOURCES = (
    "DBInstanceIdentifier", "DBClusterIdentifier", "CacheClusterId", "ReplicationGroupId", "ServiceName",
    "LoadBalancer", "TargetGroup", "FunctionName", "QueueName", "TopicName", "ClusterName",
)  # fmt: skip
Pairs = list[tuple[str, str]]


def is_alarm(content: dict[str, Any]) -> bool:
    """True for CloudWatch's notification of a state change."""
    return isinstance(content.get("AlarmName"), str) and content.get("NewStateValue") in STATES


def parse_alarm(content: dict[str, Any], record: Record, settings: Settings) -> Notification:
    """The alarm as a notification. Labels and links come from the last lines of its description."""
    name, new, old = line(content["AlarmName"]) or "?", content["NewStateValue"], word(content.get("OldStateValue"))
    about, labels, urls = read_description(content.get("AlarmDescription"))
    arn, reason = word(content.get("AlarmArn")), clean(content.get("NewStateReason"))
    # The message's own `Region` is a display name: the ARN has the region.
    parts = arn.split(":", 6)
    partition, region, account = (parts[1], parts[3], parts[4]) if len(parts) == 7 else ("", "", "")
    account = account or word(content.get("AWSAccountId"))
    trigger = mapping(content.get("Trigger"))
    metric, stat, dimensions = _measured(trigger)
    unit = unit_of(metric, word(trigger.get("Unit")))
    value = first_number(reason, "[")
    current = "" if value is None else measure(value, unit)
    threshold = _threshold(trigger, stat, unit, reason)
    source = _resource(dimensions) or labels.get("service", "") or name
    known = new == "ALARM" and current and threshold
    told = f"{metric} {current} ({threshold})" if known else line(reason) or f"is {new}"
    given = labels.get("severity", "")
    key = arn or f"cloudwatch/{account}/{record.topic_arn}/{name}"
    return labelled(record, settings, labels, name)._replace(
        kind="alarm",
        state=STATES[new],
        summary=cut(f"{name}: {told}{f' on {source}' if source != name else ''}", SUMMARY),
        body="\n".join(text for text in (about, reason) if text),
        source=source,
        change=f"{old} → {new}" if old else new,
        facts=facts(
            (f"Current {metric}".strip(), current),
            ("Threshold", threshold),
            ("Rule", line(content.get("AlarmRule"))),
            ("Resource", source),
            ("Plane", labels.get("plane", "")),
            ("Category", labels.get("category", "")),
            ("Severity as given", given if given != decide(given, None) else ""),
            ("Account", account),
            ("Region", region),
        ),
        links=links(
            settings, urls.get("Runbook", ""), urls.get("Dashboard", ""),
            (("CloudWatch", alarm_page(partition, region, name)),),
        ),
        dedup_key=key,
        ends=True,
        at=epoch(content.get("StateChangeTime")),
        subject=key,
        old_state=old,
        configured_at=epoch(content.get("AlarmConfigurationUpdatedTimestamp")),
    )  # fmt: skip


def read_description(value: Any) -> tuple[str, dict[str, str], dict[str, str]]:
    """The text without its last lines, the labels, and the links by their name."""
    about: list[str] = []
    labels: dict[str, str] = {}
    urls: dict[str, str] = {}
    for text in clean(value).split("\n"):
        head, _, rest = text.strip().partition(":")
        if head == "Labels":
            pairs = (pair.partition("=") for pair in rest.split(","))
            labels.update({key.strip(): item.strip() for key, _, item in pairs})
        elif head in ("Runbook", "Dashboard"):
            urls[head] = rest.strip()
        else:
            about.append(text)
    return "\n".join(about).strip(), labels, urls


def first_number(reason: str, before: str) -> float | None:
    """The number that follows `before`: `[82.0 (25/11/26 03:41:00)]` gives 82.0; None when none does."""
    head = reason.partition(before)[2].lstrip("[ ").replace("]", " ").replace(",", " ").partition(" ")[0]
    try:
        value = float(head)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _measured(trigger: dict[str, Any]) -> tuple[str, str, Pairs]:
    """The metric's name, its statistic and its dimensions, also where they lie inside metric math."""
    if trigger.get("MetricName"):
        stat = word(trigger.get("ExtendedStatistic")) or word(trigger.get("Statistic")).lower()
        return word(trigger["MetricName"]), stat, _dimensions(trigger)
    metric, stat, found = "", "", Pairs()
    for entry in mappings(trigger.get("Metrics")):
        inner = mapping(entry.get("MetricStat"))
        plain = mapping(inner.get("Metric"))
        found += [pair for pair in _dimensions(plain) if pair not in found]
        returned = entry.get("ReturnData") is True and entry.get("Id") != trigger.get("ThresholdMetricId")
        if returned or not metric:
            metric = word(plain.get("MetricName")) or word(entry.get("Label")) or word(entry.get("Expression"))
            stat = word(inner.get("Stat"))
    return metric, stat, found


def _dimensions(metric: dict[str, Any]) -> Pairs:
    pairs = [(word(item.get("name")), word(item.get("value"))) for item in mappings(metric.get("Dimensions"))]
    return [(name, value) for name, value in pairs if name and value]


def _resource(dimensions: Pairs) -> str:
    named = dict(dimensions)
    return next((named[key] for key in RESOURCES if key in named), ", ".join(named.values()))


def _threshold(trigger: dict[str, Any], stat: str, unit: str, reason: str) -> str:
    """`> 80 % for 10 of 10 × 1 min (average)`, `outside 1 % to 5 %`."""
    operator, limit = word(trigger.get("ComparisonOperator")), trigger.get("Threshold")
    if trigger.get("ThresholdMetricId"):
        ends = (first_number(reason, f"{side} thresholds [") for side in ("lower", "upper"))
        where = " to ".join(measure(end, unit) for end in ends if end is not None) or "the expected band"
    elif type(limit) in (int, float):
        where = measure(float(str(limit)), unit)
    else:
        return ""
    return f"{SYMBOLS.get(operator, operator)} {where}{_window(trigger)}{f' ({stat})' if stat else ''}".strip()


def _window(trigger: dict[str, Any]) -> str:
    period, of, needed = (trigger.get(key) for key in ("Period", "EvaluationPeriods", "DatapointsToAlarm"))
    if type(of) is not int:
        return ""
    length = f" × {duration(period)}" if type(period) is int and period > 0 else " periods"
    return f" for {number(needed if type(needed) is int else of)} of {number(of)}{length}"
