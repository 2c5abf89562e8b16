"""An alarm that stays in ALARM is told again, for CloudWatch never does. The message is shaped as its own."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from forwarder.log import log
from forwarder.text import clock, epoch, mapping, mappings

from path_watch.memory import REMINDED, Memory
from path_watch.services import query, region_of
from path_watch.settings import Settings

PAGE = 50
Alarm = dict[str, Any]  # as DescribeAlarms gives it, every number as text


def remind(told: Settings, before: Memory) -> None:
    """Tells every alarm again that rings since `remind_after`, or was told again as long ago. Raises Trouble."""
    own = set(told.topics.values())
    for alarm in ringing():
        arn = str(alarm.get("AlarmArn"))
        last = max(since(alarm), before.reminded.get(arn, 0.0))
        if arn == told.canary or not last or time.time() - last < told.remind_after:
            continue
        subject, text = reminder(alarm)
        for topic in (wanted := topics(alarm, own)):
            query("sns", "Publish", region_of(topic), TopicArn=topic, Subject=subject, Message=text)
        if wanted:
            log("info", REMINDED, alarm=arn, topics=wanted)


def ringing() -> Iterator[Alarm]:
    """Every alarm in ALARM, composite ones too. Raises Trouble."""
    more = dict[str, str]()
    while True:
        # Both types are named: without it composite alarms are left out of the answer.
        types = {"AlarmTypes.member.1": "CompositeAlarm", "AlarmTypes.member.2": "MetricAlarm"}
        page = query("monitoring", "DescribeAlarms", StateValue="ALARM", MaxRecords=PAGE, **types, **more)
        for kind in ("MetricAlarms", "CompositeAlarms"):
            yield from mappings(page.get(kind))
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def since(alarm: Alarm) -> float:
    """When it began to ring, in epoch seconds."""
    return epoch(alarm.get("StateTransitionedTimestamp")) or epoch(alarm.get("StateUpdatedTimestamp"))


def topics(alarm: Alarm, own: set[str]) -> list[str]:
    """Those of `own` that it tells when it rings; none while its actions are off, or another alarm suppresses them."""
    actions = alarm.get("AlarmActions")
    if alarm.get("ActionsEnabled") != "true" or alarm.get("ActionsSuppressedBy") or not isinstance(actions, list):
        return []
    return [action for action in actions if action in own]


def reminder(alarm: Alarm) -> tuple[str, str]:
    """Subject and text: CloudWatch's own shape, so that forwarders and mail filters take it as the alarm's.

    It names the time at which the alarm began to ring: whoever has heard of a newer state knows better.
    """
    began = since(alarm)
    message = {
        "AlarmName": alarm.get("AlarmName"),
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": str(alarm.get("AlarmArn")).split(":")[4],
        "AlarmConfigurationUpdatedTimestamp": alarm.get("AlarmConfigurationUpdatedTimestamp"),
        "NewStateValue": "ALARM",
        "NewStateReason": f"Still in ALARM, since {clock(began)}. {alarm.get('StateReason', '')}".rstrip(),
        "StateChangeTime": alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp"),
        "Region": str(alarm.get("AlarmArn")).split(":")[3],
        "AlarmArn": alarm.get("AlarmArn"),
        "OldStateValue": "ALARM",
        **{key: alarm.get(key) or [] for key in ("OKActions", "AlarmActions", "InsufficientDataActions")},
        **({"AlarmRule": alarm["AlarmRule"]} if alarm.get("AlarmRule") else {"Trigger": _trigger(alarm)}),
    }
    subject = f'Still ALARM: "{alarm.get("AlarmName")}"'.encode("ascii", "replace").decode()[:100]
    return subject, json.dumps(message)


def _trigger(alarm: Alarm) -> dict[str, Any]:
    statistic = alarm.get("Statistic")
    single: dict[str, Any] = {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "Statistic" if statistic else "ExtendedStatistic",
        "Statistic": str(statistic).upper() if statistic else None,
        "ExtendedStatistic": alarm.get("ExtendedStatistic"),
        "Unit": alarm.get("Unit"),
        "Dimensions": _dimensions(alarm),
        "Period": _number(int, alarm.get("Period")),
    }
    rest = {
        "EvaluationPeriods": _number(int, alarm.get("EvaluationPeriods")),
        "DatapointsToAlarm": _number(int, alarm.get("DatapointsToAlarm")),
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": _number(float, alarm.get("Threshold")),
        "ThresholdMetricId": alarm.get("ThresholdMetricId"),
        "TreatMissingData": alarm.get("TreatMissingData"),
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile", ""),
    }
    metrics = [_metric(one) for one in mappings(alarm.get("Metrics"))]
    found = {**({"Metrics": metrics} if metrics else single), **rest}
    return {key: value for key, value in found.items() if value is not None}


def _metric(one: dict[str, Any]) -> dict[str, Any]:
    """An entry of metric math."""
    found = {key: one[key] for key in ("Id", "Expression", "Label") if one.get(key)}
    found["ReturnData"] = one.get("ReturnData") == "true"
    stat = one.get("MetricStat")
    if isinstance(stat, dict):
        metric = mapping(stat.get("Metric"))
        named = {"Dimensions": _dimensions(metric), **{key: metric.get(key) for key in ("MetricName", "Namespace")}}
        found["MetricStat"] = {"Metric": named, "Period": _number(int, stat.get("Period")), "Stat": stat.get("Stat")}
    return found


def _dimensions(metric: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"value": one.get("Value"), "name": one.get("Name")} for one in mappings(metric.get("Dimensions"))]


def _number(kind: Callable[[str], float], text: Any) -> float | None:
    return kind(text) if isinstance(text, str) and text else None
