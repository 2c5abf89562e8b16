"""Every kind of message, as its source documents it: who is paged, which channels hear it, what they read."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from lambda_messages import fixture
from lambda_standins import PagerDuty, Slack, shown
from lambda_world import Forwarder


class Told(NamedTuple):
    """What a message leads to."""

    pages: tuple[str, ...]  # event actions
    channels: tuple[str, ...]
    words: tuple[str, ...]  # that stand in every Slack message


KINDS = {
    "metric-alarm": Told(
        (),
        ("#database-alerts",),
        (
            "[WARNING] *control-plane-db-cpu-high*", "OK → ALARM", "82 %", "> 80 % for 10 of 10 × 1 min (average)",
            "control-plane-db", "123456789012", "eu-central-1", "2024-11-25 03:42:00 UTC",
            "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1"
            "#alarmsV2:alarm/control-plane-db-cpu-high",
            "https://grafana.ananta.io/d/rds?var-db=control-plane-db",
            "https://docs.ananta.io/runbooks/control-plane-db-cpu-high",
        ),
    ),
    "alarm-ok": Told(("resolve",), ("#database-alerts",), ("[RESOLVED]", "ALARM → OK", "12 %")),
    "storage-alarm": Told(
        (), ("#database-alerts",), ("8 GiB", "< 10 GiB for 1 of 1 × 5 min", "app-plane-supabase-db"),
    ),
    "metric-math-alarm": Told(
        ("trigger",),
        ("#slo-alerts", "#critical-alerts"),
        ("Burn rate", "21.7", "≥ 14.4 for 1 of 1 × 5 min", "app/ananta/50dc6c495c0c9188"),
    ),
    "composite-alarm": Told(
        ("trigger",),
        ("#database-alerts", "#critical-alerts"),
        ("ALARM(control-plane-db-cpu-high) OR ALARM(control-plane-db-connections-high)", "transitioned to ALARM"),
    ),
    "anomaly-alarm": Told(
        (),
        ("#app-plane-alerts",),
        ("2.75 s", "outside 12.5 ms to 750 ms for 3 of 3 × 1 min (p95)", "targetgroup/cns/"),
    ),
    "insufficient-data": Told(
        (),
        ("#database-alerts", "#critical-alerts"),
        ("[NO DATA]", "ALARM → INSUFFICIENT_DATA", "No data is no recovery"),
    ),
    "missing-data-alarm": Told(
        ("trigger",),
        ("#infrastructure-alerts", "#critical-alerts"),
        ("5 missing datapoints were treated as [Breaching]",),
    ),
    "unlabelled-alarm": Told(
        ("trigger",),
        ("#critical-alerts",),
        (
            "[CRITICAL] *Prod/API: 5xx & <errors> %*", "us-gov-west-1",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1"
            "#alarmsV2:alarm/Prod%2FAPI%3A%205xx%20%26%20%3Cerrors%3E%20%25",
        ),
    ),
    "alertmanager-json": Told(
        ("trigger",),
        ("#critical-alerts", "#app-plane-alerts", "#platform-alerts", "#slo-alerts", "#app-plane-alerts"),
        (),
    ),
    "alertmanager-text": Told(
        ("trigger",),
        ("#critical-alerts", "#app-plane-alerts", "#platform-alerts", "#slo-alerts", "#app-plane-alerts"),
        (),
    ),
    "event-rds-failover": Told(
        ("trigger",),
        ("#database-alerts", "#critical-alerts"),
        ("RDS control-plane-db: Multi-AZ instance failover started.",),
    ),
    "event-rds-backup": Told(
        (), ("#database-alerts",), ("[WARNING] *RDS control-plane-db: Finished DB Instance backup*",),
    ),
    "event-ecs-task-stopped": Told(
        (),
        ("#platform-alerts",),
        ("cns-service", "Essential container in task exited", "cns exited 137 (OutOfMemoryError", "ananta"),
    ),
    "event-health-open": Told(
        ("trigger",),
        ("#critical-alerts",),
        ("AWS Health: EC2 aws ec2 operational issue (open)", "increased API error rates", "i-0123456789abcdef0"),
    ),
    "event-health-closed": Told(("resolve",), ("#critical-alerts",), ("[RESOLVED]", "operating normally")),
    "event-health-notice": Told((), ("#platform-alerts",), ("Runtime python3.11 will no longer be updated",)),
    "event-guardduty-high": Told(
        ("trigger",),
        ("#critical-alerts",),
        ("Bitcoin-related domain name", "CryptoCurrency:EC2/BitcoinTool.B!DNS", "Nothing will end this by itself"),
    ),
    "event-guardduty-low": Told((), ("#platform-alerts",), ("[WARNING] *GuardDuty: Bitcoin-related",)),
    "event-guardduty-archived": Told((), ("#platform-alerts",), ("ArchiveFindings", "assumed-role/ops/session")),
    "event-guardduty-object-scan": Told(
        (), ("#platform-alerts",), ("threats found", "EICAR-Test-File", "ananta-uploads/in/invoice <1>.pdf")
    ),
    "event-unknown-source": Told(
        (), ("#platform-alerts",), ("aws.backup", "FAILED", "Access denied <vault>", "second-region"),
    ),
    "budget-band": Told(
        (),
        ("#platform-alerts",),
        ("[INFO] *Error budget of control_plane: 31 % left*", "50-100 → 25-50", "Review recent changes."),
    ),
    "rds-subscription": Told(
        (), ("#database-alerts",), ("app-plane-supabase-db", "duplicate key & <unknown> error 1062.", "RDS-EVENT-0045"),
    ),
    "backup-text": Told(
        (),
        ("#platform-alerts",),
        ("Notification from AWS Backup", "Resource: control-plane-db", "State: FAILED", "see <console> & mend."),
    ),
    "plain-text": Told((), ("#platform-alerts",), ("The night job has not run.",)),
    "broken-json": Told(("trigger",), ("#critical-alerts",), ("ALARM: something", '{"AlarmName": "cut off in the mid')),
    "several-records": Told(
        ("trigger",), ("#database-alerts", "#critical-alerts", "#database-alerts"), ()
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_message_is_told_to_exactly_the_right_channels_in_words_that_say_what_happened(
    kind: str, slack: Slack, slack_forwarder: Forwarder
) -> None:
    slack_forwarder.receive(fixture(kind))

    assert slack.channels() == list(KINDS[kind].channels)
    for message in slack.messages():
        text = shown(message)
        assert [word for word in KINDS[kind].words if word not in text] == []
        assert [word for word in ("None", "null", "undefined", "&amp;") if word in text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_message_pages_or_resolves_or_leaves_the_on_call_engineer_asleep(
    kind: str, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(fixture(kind))

    assert tuple(action for action, _ in pagerduty.told()) == KINDS[kind].pages


def test_every_recorded_shape_is_in_the_table_of_kinds() -> None:
    from lambda_messages import FIXTURES

    assert {path.stem for path in FIXTURES.glob("*.json")} - {"no-data-sequence"} == set(KINDS)


def test_a_health_event_that_closes_resolves_the_incident_that_it_had_opened(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(fixture("event-health-open"))
    pagerduty_forwarder.receive(fixture("event-health-closed"))

    assert list(pagerduty.states().values()) == ["resolved"]


def test_a_page_that_has_no_end_of_its_own_says_so(pagerduty: PagerDuty, pagerduty_forwarder: Forwarder) -> None:
    for kind in ("event-guardduty-high", "event-rds-failover", "broken-json", "event-health-open", "composite-alarm"):
        pagerduty_forwarder.receive(fixture(kind))

    notes = [event["payload"]["custom_details"].get("note", "") for event in pagerduty.taken]

    assert [bool(note) for note in notes] == [True, True, True, False, False]
    assert "resolve it by hand" in notes[0]


def test_an_eventbridge_rule_may_wake_the_function_without_a_topic(slack: Slack, slack_forwarder: Forwarder) -> None:
    import json

    event = json.loads(fixture("event-ecs-task-stopped")["Records"][0]["Sns"]["Message"])

    slack_forwarder.receive(event)

    assert slack.channels() == ["#platform-alerts"]
    assert "Essential container in task exited" in shown(slack.messages()[0])


def test_what_lay_in_a_queue_is_delivered_like_what_came_at_once(slack: Slack, slack_forwarder: Forwarder) -> None:
    import json

    envelope = fixture("metric-alarm")["Records"][0]["Sns"]
    queued: Any = {"Records": [{"eventSource": "aws:sqs", "messageId": "m-1", "body": json.dumps(envelope)}]}
    failed: Any = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": fixture("storage-alarm")}

    slack_forwarder.receive(queued)
    slack_forwarder.receive(failed)

    assert slack.channels() == ["#database-alerts", "#database-alerts"]


def test_a_database_of_the_catalogue_brings_its_plane_and_an_unknown_one_goes_to_its_severitys_channel(
    slack: Slack, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["RESOURCES"] = '{"app-plane-supabase-db":["database","app","app-plane-supabase-db"]}'

    slack_forwarder.receive(fixture("rds-subscription"))
    slack_forwarder.receive(fixture("event-rds-backup"))

    assert slack.channels() == ["#database-alerts", "#platform-alerts"]
