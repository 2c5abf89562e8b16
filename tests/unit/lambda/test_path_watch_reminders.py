"""An alarm that stays in ALARM is told again: by the alarm's own topics, in CloudWatch's own shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lambda_messages import fixture
from lambda_messages import sns as event
from lambda_standins import PagerDuty, Slack, shown
from lambda_world import Forwarder
from path_watch_world import CANARY_NAME, TOPICS, Alarms, PathWatch, Sns

HOUR = 3600.0
LABELS = "Labels: severity=critical, category=database, plane=control, service=control-plane-db"
METRIC = (
    f"<AlarmDescription>CPU is high.\n{LABELS}\nRunbook: https://docs.ananta.io/runbooks/cpu</AlarmDescription>"
    "<StateReason>Threshold Crossed: 10 out of the last 10 datapoints [91.0 (25/11/26 03:41:00)] were greater than the"
    " threshold (80.0) (minimum 10 datapoints for OK -&gt; ALARM transition).</StateReason>"
    "<MetricName>CPUUtilization</MetricName><Namespace>AWS/RDS</Namespace><Statistic>Average</Statistic>"
    "<Dimensions><member><Name>DBInstanceIdentifier</Name><Value>control-plane-db</Value></member></Dimensions>"
    "<Period>60</Period><EvaluationPeriods>10</EvaluationPeriods><DatapointsToAlarm>10</DatapointsToAlarm>"
    "<Threshold>80.0</Threshold><ComparisonOperator>GreaterThanThreshold</ComparisonOperator>"
    "<TreatMissingData>missing</TreatMissingData>"
)


@pytest.fixture(autouse=True)
def every_six_hours(surroundings: dict[str, str]) -> None:
    surroundings["REMIND_AFTER_SECONDS"] = str(6 * HOUR)


def reminded(sns: Sns) -> list[tuple[str, str]]:
    """Topic and alarm of each reminder."""
    return [(one.topic, json.loads(one.message)["AlarmName"]) for one in sns.published]


def test_it_is_off_until_an_interval_is_given(
    path_watch: PathWatch, surroundings: dict[str, str], alarms: Alarms, sns: Sns
) -> None:
    del surroundings["REMIND_AFTER_SECONDS"]
    alarms.ring("db-cpu-high", 100 * HOUR)

    path_watch.run()

    assert sns.published == []
    assert not any(b"DescribeAlarms" in request.body for request in alarms.requests)


def test_an_alarm_is_told_again_each_time_that_the_interval_has_passed(
    path_watch: PathWatch, alarms: Alarms, sns: Sns
) -> None:
    alarms.ring("db-cpu-high", 7 * HOUR)

    path_watch.run()
    path_watch.run(after=3 * HOUR)
    assert len(sns.published) == 1
    path_watch.run(after=3 * HOUR)

    assert reminded(sns) == [(TOPICS["warning"], "db-cpu-high")] * 2


def test_an_alarm_that_rings_for_less_is_not_told_again(path_watch: PathWatch, alarms: Alarms, sns: Sns) -> None:
    alarms.ring("db-cpu-high", 5.9 * HOUR)

    path_watch.run()

    assert sns.published == []


def test_an_alarm_that_ended_and_rings_anew_waits_from_its_new_beginning(
    path_watch: PathWatch, alarms: Alarms, sns: Sns
) -> None:
    alarms.ring("db-cpu-high", 7 * HOUR)
    path_watch.run()
    alarms.ringing.clear()
    alarms.ring("db-cpu-high", 5 * HOUR)

    path_watch.run(after=8 * HOUR)

    assert len(sns.published) == 1


def test_only_own_topics_are_told_and_every_page_of_alarms_is_read(
    path_watch: PathWatch, alarms: Alarms, sns: Sns
) -> None:
    foreign = "arn:aws:sns:eu-central-1:123456789012:somebody-elses"
    alarms.ring("theirs", 7 * HOUR, actions=(foreign,))
    alarms.ring("both", 7 * HOUR, actions=(foreign, TOPICS["critical"], TOPICS["fallback"]))
    alarms.ring("off", 7 * HOUR, "<ActionsEnabled>false</ActionsEnabled>")
    alarms.ring("quieted", 7 * HOUR, "<AlarmRule>ALARM(x)</AlarmRule><ActionsSuppressedBy>Alarm</ActionsSuppressedBy>")
    alarms.ring(CANARY_NAME, 7 * HOUR, actions=tuple(TOPICS.values()))
    alarms.ring("last", 7 * HOUR)

    path_watch.run()

    assert reminded(sns) == [
        (TOPICS["critical"], "both"),
        (TOPICS["fallback"], "both"),
        (TOPICS["warning"], "last"),
    ]


def test_a_reminder_is_the_same_incident_and_reads_as_one_that_lasts(
    path_watch: PathWatch,
    alarms: Alarms,
    sns: Sns,
    pagerduty: PagerDuty,
    pagerduty_forwarder: Forwarder,
    slack: Slack,
    environment: dict[str, str],
) -> None:
    alarm = alarms.ring("control-plane-db-cpu-high", 7 * HOUR, METRIC)
    path_watch.run()
    (message,) = sns.published

    Forwarder("pagerduty_forwarder", lambda: environment).receive(event(message.message))
    Forwarder("slack_forwarder", lambda: environment).receive(event(message.message))

    assert pagerduty.states() == {alarm: "open"}
    assert set(slack.channels()) == {"#critical-alerts", "#database-alerts"}
    text = shown(slack.messages("#database-alerts")[0])
    for said in (
        "ALARM → ALARM",
        "Still in ALARM, since ",
        "91 %",
        "> 80 % for 10 of 10 × 1 min (average)",
        "control-plane-db",
    ):
        assert said in text
    assert message.subject == 'Still ALARM: "control-plane-db-cpu-high"'


def as_xml(value: Any) -> str:
    """An AWS-shaped message's part as DescribeAlarms gives it."""
    if isinstance(value, dict):
        named = {key[0].upper() + key[1:] if key in ("name", "value") else key: inner for key, inner in value.items()}
        return "".join(f"<{key}>{as_xml(inner)}</{key}>" for key, inner in named.items())
    if isinstance(value, list):
        return "".join(f"<member>{as_xml(inner)}</member>" for inner in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).replace("&", "&amp;").replace("<", "&lt;")


@pytest.mark.parametrize(
    "name", ["metric-alarm", "metric-math-alarm", "anomaly-alarm", "composite-alarm", "storage-alarm"]
)
def test_the_trigger_of_every_kind_of_alarm_is_cloudwatchs_own(
    name: str, shipped: PathWatch, alarms: Alarms, sns: Sns
) -> None:
    original = json.loads(fixture(name)["Records"][0]["Sns"]["Message"])
    trigger = original.get("Trigger", {})
    described = {**trigger, "AlarmRule": original.get("AlarmRule")}
    described = {key: value for key, value in described.items() if value not in (None, "") and key != "StatisticType"}
    if "Statistic" in described:
        described["Statistic"] = described["Statistic"].title()
    alarms.ring(original["AlarmName"], 7 * HOUR, as_xml(described))

    shipped.run()

    (message,) = [json.loads(one.message) for one in sns.published]
    wanted = {key: value for key, value in trigger.items() if value is not None}
    if "Metrics" in wanted:
        wanted.pop("Period")  # CloudWatch says it of the metrics alone
    assert message.get("Trigger", {}) == wanted
    assert message.get("AlarmRule") == original.get("AlarmRule")
    assert (message["AlarmName"], message["NewStateValue"]) == (original["AlarmName"], "ALARM")


def test_a_name_that_a_subject_cannot_hold_is_cut_and_replaced(path_watch: PathWatch, alarms: Alarms, sns: Sns) -> None:
    alarms.ring("größe-" + "x" * 200, 7 * HOUR)

    path_watch.run()

    assert len(sns.published) == 1
