"""An older event never overrides a newer state, and no data is neither trouble nor recovery."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from lambda_messages import alarm, arn, fixture, sns
from lambda_standins import PagerDuty, Slack, shown
from lambda_world import Forwarder

from tests.harness.aws_messages import iso
from tests.harness.standins.aws import CloudWatch

HOUR = 3600.0


def critical(state: str, old: str, age: float = 0.0, **more: Any) -> Any:
    return sns(alarm("db-cpu-critical", state, old, "critical", age=age, **more), topic="critical-alerts-topic")


def test_the_first_data_of_new_alarms_is_no_recovery_and_lost_data_is_no_end(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    sequence = fixture("no-data-sequence")
    states = []
    for step in sequence:
        pagerduty_forwarder.receive(step)
        slack_forwarder.receive(step)
        states.append(list(pagerduty.states().values()))

    assert states == [[]] * 9 + [["open"], ["open"], ["resolved"]]
    assert len(slack.channels()) == 9 + 2 + 2 + 2
    for message in slack.messages()[:9]:
        assert set(message) == {"text", "blocks"} and len(message["text"]) < 200
        assert not any(word in shown(message).lower() for word in ("resolved", "recover", "ok"))
    for message in slack.messages()[-2:]:
        assert "[RESOLVED] *control-plane-db-cpu-critical*" in shown(message)


def test_data_that_comes_back_while_all_was_well_is_one_short_line(slack: Slack, slack_forwarder: Forwarder) -> None:
    slack_forwarder.receive(critical("OK", "ALARM", age=HOUR))
    slack_forwarder.receive(critical("OK", "INSUFFICIENT_DATA"))

    assert "[RESOLVED]" in shown(slack.messages("#database-alerts")[0])
    assert set(slack.messages("#database-alerts")[1]) == {"text", "blocks"}


def test_an_instance_that_remembers_nothing_tells_the_end_of_an_old_alarms_trouble(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(critical("ALARM", "OK", age=600))
    pagerduty_forwarder.restart()
    pagerduty_forwarder.receive(critical("OK", "INSUFFICIENT_DATA"))
    slack_forwarder.receive(critical("OK", "INSUFFICIENT_DATA"))

    assert list(pagerduty.states().values()) == ["resolved"]
    assert "[RESOLVED]" in shown(slack.messages()[0])


def test_a_failed_try_does_not_turn_a_recovery_into_first_data(slack: Slack, slack_forwarder: Forwarder) -> None:
    slack_forwarder.receive(critical("ALARM", "OK", age=30))
    recovery = critical("OK", "INSUFFICIENT_DATA", configured=60)
    slack.answer_with(400, "no")
    with pytest.raises(Exception, match="answered 400"):
        slack_forwarder.receive(recovery)
    slack.heal()
    slack.taken.clear()

    slack_forwarder.receive(recovery)

    assert all("[RESOLVED]" in shown(message) for message in slack.messages())


def test_a_resolve_is_sent_for_every_ok_whatever_the_severity_says_now(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(sns(alarm("x", severity="critical", age=30)))
    for severity in ("warning", "info", "nonsense", ""):
        pagerduty_forwarder.receive(sns(alarm("x", "OK", severity=severity)))

    assert [action for action, _ in pagerduty.told()] == ["trigger"] + ["resolve"] * 4


def test_insufficient_data_is_told_in_slack_and_never_resolves(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    for forwarder in (pagerduty_forwarder, slack_forwarder):
        forwarder.receive(critical("ALARM", "OK", age=30))
        forwarder.receive(critical("INSUFFICIENT_DATA", "ALARM"))

    assert list(pagerduty.states().values()) == ["open"]
    assert "[NO DATA]" in shown(slack.messages("#critical-alerts")[1])


def test_an_alarm_that_comes_after_its_own_end_opens_no_incident_and_slack_calls_it_late(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    for forwarder in (pagerduty_forwarder, slack_forwarder):
        forwarder.receive(critical("OK", "ALARM", age=10))
        forwarder.receive(critical("ALARM", "OK", age=40))

    assert [action for action, _ in pagerduty.told()] == ["resolve"]
    late = slack.messages("#critical-alerts")[1]
    assert "LATE [CRITICAL]" in shown(late) and "it is over now" in shown(late)


def test_an_end_that_comes_after_a_new_beginning_leaves_the_incident_open(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(critical("ALARM", "OK", age=10))
    pagerduty_forwarder.receive(critical("OK", "ALARM", age=40))

    assert list(pagerduty.states().values()) == ["open"]


def test_of_two_events_in_one_the_later_one_counts_even_when_the_first_has_to_be_retried(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    both = critical("ALARM", "OK", age=40)
    both["Records"] += critical("OK", "ALARM", age=10)["Records"]
    pagerduty.answer_with(500, times=1)

    pagerduty_forwarder.receive(both)

    assert pagerduty.states() == {}


def test_an_old_alarm_that_is_over_opens_nothing_and_slack_gets_it_marked(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder,
    cloudwatch: CloudWatch,
) -> None:  # fmt: skip
    cloudwatch.alarms["db-cpu-critical"] = ("OK", iso(time.time() - 60))

    for forwarder in (pagerduty_forwarder, slack_forwarder):
        assert forwarder.receive(critical("ALARM", "OK", age=HOUR))

    assert pagerduty.requests == []
    assert cloudwatch.asked() == ["db-cpu-critical"] * 2
    assert all("LATE" in shown(message) for message in slack.messages())


@pytest.mark.parametrize("state", ["ALARM", "INSUFFICIENT_DATA"])
def test_an_old_alarm_that_still_holds_or_has_lost_its_data_pages(
    state: str, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, cloudwatch: CloudWatch
) -> None:
    cloudwatch.alarms["db-cpu-critical"] = (state, iso(time.time() - 60))

    pagerduty_forwarder.receive(critical("ALARM", "OK", age=HOUR))

    assert list(pagerduty.states().values()) == ["open"]


def test_an_old_end_of_an_alarm_that_fires_again_leaves_its_incident_open(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, cloudwatch: CloudWatch
) -> None:
    cloudwatch.alarms["db-cpu-critical"] = ("ALARM", iso(time.time() - 60))

    pagerduty_forwarder.receive(critical("OK", "ALARM", age=HOUR))

    assert pagerduty.requests == []


def test_a_cloudwatch_that_has_not_caught_up_with_its_own_event_silences_nothing(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, cloudwatch: CloudWatch
) -> None:
    cloudwatch.alarms["db-cpu-critical"] = ("OK", iso(time.time() - 2 * HOUR))

    pagerduty_forwarder.receive(critical("ALARM", "OK", age=HOUR))

    assert list(pagerduty.states().values()) == ["open"]


def test_a_composite_alarm_and_a_name_with_signs_are_found_too(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, cloudwatch: CloudWatch
) -> None:
    name = "Prod/API: 5xx & <errors> % ü"
    cloudwatch.alarms[name] = ("OK", iso(time.time() - 60))

    pagerduty_forwarder.receive(sns(alarm(name, severity="critical", age=HOUR)))

    assert cloudwatch.asked() == [name]
    assert pagerduty.requests == []


@pytest.mark.parametrize("trouble", ["denied", "down", "hangs", "unknown alarm", "no credentials", "other account"])
def test_what_cannot_be_asked_or_is_not_found_is_delivered_as_it_is(
    trouble: str, slack: Slack, slack_forwarder: Forwarder, cloudwatch: CloudWatch, environment: dict[str, str]
) -> None:
    event = critical("ALARM", "OK", age=HOUR)
    if trouble == "other account":
        event = critical("ALARM", "OK", age=HOUR, AlarmArn=arn("db-cpu-critical", account="999999999999"))
        cloudwatch.alarms["db-cpu-critical"] = ("OK", iso(time.time()))
    match trouble:
        case "denied":
            cloudwatch.answer_with(403, "<Error/>")
        case "down":
            cloudwatch.answer_with(500)
        case "hangs":
            cloudwatch.hang()
    slack_forwarder.receive(sns("the secrets are known now"))
    slack_forwarder.receive(sns("also this one", topic="critical-alerts-topic"))
    slack_forwarder.receive(sns(alarm("warm")))
    slack.taken.clear()
    if trouble == "no credentials":
        del environment["AWS_ACCESS_KEY_ID"]

    slack_forwarder.receive(event, seconds=6)

    assert slack.channels() == ["#database-alerts", "#critical-alerts"]
    assert "LATE" not in shown(slack.messages()[0])


def test_an_alarm_with_a_time_in_the_future_makes_nothing_late(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(critical("OK", "ALARM", age=-10 * HOUR))
    pagerduty_forwarder.receive(critical("ALARM", "OK"))

    assert list(pagerduty.states().values()) == ["open"]


def test_alarms_of_two_regions_with_one_name_are_two_incidents(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(critical("ALARM", "OK"))
    pagerduty_forwarder.receive(critical("ALARM", "OK", AlarmArn=arn("db-cpu-critical", region="us-east-1")))
    pagerduty_forwarder.receive(critical("OK", "ALARM", AlarmArn=arn("db-cpu-critical", region="us-east-1")))

    assert list(pagerduty.states().values()) == ["open", "resolved"]
    assert arn("db-cpu-critical") in pagerduty.states()


def test_no_text_and_no_json_of_others_can_resolve_an_alarms_incident(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(critical("ALARM", "OK", age=30))
    key = arn("db-cpu-critical")
    forged = {"status": "resolved", "dedup_key": key, "AlarmArn": key, "name": "x"}
    for message in (forged, json.dumps(forged)[:-1], {"alerts": [{"status": "resolved", "labels": forged}]}):
        pagerduty_forwarder.receive(sns(message, topic="critical-alerts-topic"))

    assert pagerduty.states()[key] == "open"


def group(status: str, *alerts: tuple[str, str, str], **labels: str) -> Any:
    """An Alertmanager group: alerts as (status, severity, service)."""
    return {
        "status": status,
        "receiver": "sns",
        "groupLabels": labels or {"plane": "app", "service": "cns"},
        "alerts": [
            {
                "status": one,
                "labels": {"alertname": f"Alert{index}", "severity": severity, "plane": "app", "service": service},
                "annotations": {"summary": f"summary {index}"},
                "startsAt": "2024-11-25T03:12:06Z",
            }
            for index, (one, severity, service) in enumerate(alerts)
        ],
    }


def test_a_group_of_alertmanager_is_one_incident_until_nothing_in_it_pages_any_more(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    steps = [
        group("firing", ("firing", "critical", "cns"), ("firing", "warning", "cns")),
        group("firing", ("firing", "critical", "cns"), ("resolved", "critical", "other")),
        group("firing", ("resolved", "critical", "cns"), ("firing", "warning", "cns")),
        group("resolved", ("resolved", "warning", "cns")),
    ]
    states = []
    for step in steps:
        pagerduty_forwarder.receive(sns(step))
        states.append(list(pagerduty.states().values()))

    assert states == [["open"], ["open"], ["resolved"], ["resolved"]]


def test_two_groups_of_alertmanager_do_not_resolve_each_other(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(sns(group("firing", ("firing", "critical", "cns"))))
    pagerduty_forwarder.receive(sns(group("resolved", ("resolved", "critical", "cns"), instance="cns-2")))

    assert list(pagerduty.states().values()) == ["open"]


def test_a_group_that_sns_delivers_late_does_not_open_again(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    first = sns(group("firing", ("firing", "critical", "cns")))
    second = sns(group("resolved", ("resolved", "critical", "cns")))
    first["Records"][0]["Sns"]["Timestamp"] = iso(time.time() - 20)

    pagerduty_forwarder.receive(second)
    pagerduty_forwarder.receive(first)

    assert [event["event_action"] for event in pagerduty.taken] == ["resolve"]
