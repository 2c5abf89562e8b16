"""The routing table, exactly: who hears a message on the CloudWatch path and on Alertmanager's."""

from __future__ import annotations

import json

import pytest
from lambda_messages import alarm, sns
from lambda_standins import PagerDuty, Slack
from lambda_world import CHANNELS, ROUTING_KEY, Forwarder

from tests.harness.standins.aws import SecretsManager

C, P, S, D, INF, CP, AP = (
    "#critical-alerts", "#platform-alerts", "#slo-alerts", "#database-alerts", "#infrastructure-alerts",
    "#control-plane-alerts", "#app-plane-alerts",
)  # fmt: skip

DATABASE_KEY = "R0UT1NGK3Y00000000000000DATABASE"


@pytest.mark.parametrize(
    ("severity", "category", "plane", "channels"),
    [
        ("warning", "database", "control", [D]),
        ("warning", "slo", "app", [S]),
        ("warning", "infrastructure", "app", [INF]),
        ("warning", "monitoring", "", [INF]),
        ("warning", "service", "app", [AP]),
        ("warning", "service", "control", [CP]),
        ("warning", "service", "", [P]),
        ("warning", "", "", [P]),
        ("critical", "database", "control", [D, C]),
        ("critical", "", "app", [AP, C]),
        ("critical", "", "", [C]),
        ("CRITICAL", "", "", [C]),
        ("urgent", "", "", [C]),
        ("urgent", "database", "", [D, C]),
        ("info", "database", "control", [P]),
        ("info", "", "", [P]),
        ("none", "", "", [P]),
        ("", "database", "", [D]),
        ("", "", "", [P]),
    ],
)
def test_a_cloudwatch_alarm_goes_to_its_categorys_team_else_its_planes_else_its_severitys_channel(
    severity: str, category: str, plane: str, channels: list[str], slack: Slack, slack_forwarder: Forwarder
) -> None:
    slack_forwarder.receive(sns(alarm(severity=severity, category=category, plane=plane)))

    assert slack.channels() == channels


@pytest.mark.parametrize(
    "topic", ["slo-violations-topic", "infrastructure-alerts-topic", "critical-alerts-topic", "brought-along"]
)
def test_a_message_without_severity_pages_unless_its_topic_says_otherwise(
    topic: str, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    for forwarder in (pagerduty_forwarder, slack_forwarder):
        forwarder.receive(sns("a note", topic=topic))
        forwarder.receive(sns("another note", topic="warning-alerts-topic"))

    assert [name for _, name in pagerduty.told()] == ["a note"]
    assert slack.channels() == [C, P]


def test_a_message_may_say_its_labels_in_attributes(slack: Slack, slack_forwarder: Forwarder) -> None:
    slack_forwarder.receive(sns("a note", severity="warning", category="slo"))

    assert slack.channels() == [S]


@pytest.mark.parametrize(
    ("severity", "category", "plane", "channels"),
    [
        ("critical", "slo", "control", [C, S, CP]),
        ("critical", "availability", "app", [C, AP]),
        ("warning", "database", "app", [P, D, AP]),
        ("info", "database", "", [P, D]),
        ("urgent", "", "", [C]),
    ],
)
def test_an_alert_of_alertmanager_goes_to_every_row_that_matches(
    severity: str, category: str, plane: str, channels: list[str], slack: Slack, slack_forwarder: Forwarder
) -> None:
    labels = {"alertname": "X", "severity": severity, "category": category, "plane": plane}
    labels = {key: value for key, value in labels.items() if value}

    slack_forwarder.receive(sns({"alerts": [{"status": "firing", "labels": labels, "annotations": {}}]}))

    assert slack.channels() == channels


def test_alertmanagers_heartbeat_reaches_no_person(
    slack: Slack, slack_forwarder: Forwarder, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    labels = {"alertname": "Watchdog", "severity": "none", "category": "monitoring"}
    event = sns({"alerts": [{"status": "firing", "labels": labels}]}, topic="critical-alerts-topic")

    assert slack_forwarder.receive(event) == pagerduty_forwarder.receive(event) == {"delivered": 0}

    assert (slack.requests, pagerduty.requests) == ([], [])


def test_a_services_team_comes_before_its_planes_and_after_its_categorys(
    slack: Slack, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    rows = json.loads(environment["ROUTING"])
    rows.append({"v": ["cns-service"], "t": "cns-team", "sl": CHANNELS[S], "ch": S})
    environment["ROUTING"] = json.dumps(rows)

    slack_forwarder.receive(sns(alarm(category="", plane="app", service="cns-service")))
    slack_forwarder.receive(sns(alarm(category="database", plane="app", service="cns-service")))

    assert slack.channels() == [S, D]


def test_a_channel_that_two_rows_name_hears_a_message_once(
    slack: Slack, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    rows = json.loads(environment["ROUTING"])
    rows.append({"c": ["database"], "t": "again", "sl": CHANNELS[D], "ch": D})
    environment["ROUTING"] = json.dumps(rows)

    slack_forwarder.receive(sns(alarm()))

    assert slack.channels() == [D]


def test_a_team_with_a_key_of_its_own_is_paged_instead_of_the_default(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, secrets: SecretsManager, environment: dict[str, str]
) -> None:
    rows = json.loads(environment["ROUTING"])
    for row in rows:
        if row.get("c") == ["database"]:
            row["pd"] = "ananta/database-pagerduty-key"
    environment["ROUTING"] = json.dumps(rows)
    secrets["ananta/database-pagerduty-key"] = DATABASE_KEY
    pagerduty.accept_only(ROUTING_KEY, DATABASE_KEY)

    for state in ("ALARM", "OK"):
        pagerduty_forwarder.receive(sns(alarm("db", state, severity="critical")))
        pagerduty_forwarder.receive(sns(alarm("other", state, severity="critical", category="slo")))

    keys = [event["routing_key"] for event in pagerduty.taken]
    assert [key == DATABASE_KEY for key in keys] == [True, False, True, False]
    assert list(pagerduty.states().values()) == ["resolved", "resolved"]


def test_a_row_without_slack_is_a_decision_and_nobody_else_is_told_in_its_place(
    slack: Slack, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    rows = [{"s": ["critical"], "sl": CHANNELS[C]}, {"s": ["warning"], "t": "mail only"}]
    environment["ROUTING"] = json.dumps(rows)

    assert slack_forwarder.receive(sns(alarm(severity="warning"))) == {"delivered": 0}
    assert slack.requests == []


@pytest.mark.parametrize("routing", ["", "[]", "{}", "broken", '[{"c":["database"],"sl":"x"}]', "[1]"])
def test_a_table_that_leads_nowhere_raises_instead_of_losing_the_message(
    routing: str, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["ROUTING"] = routing

    with pytest.raises(Exception, match="ROUTING|routing table"):
        slack_forwarder.receive(sns(alarm(category="")))


def test_a_page_without_any_key_raises(pagerduty_forwarder: Forwarder, environment: dict[str, str]) -> None:
    environment["ROUTING"] = '[{"s":["critical"],"sl":"ananta/slack-critical-webhook"}]'

    with pytest.raises(Exception, match="no row of the routing table has a PagerDuty key"):
        pagerduty_forwarder.receive(sns(alarm(severity="critical")))
