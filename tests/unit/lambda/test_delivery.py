"""Delivered or raised: what the forwarders do with each way in which a destination can fail."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from lambda_messages import alarm, sns
from lambda_standins import PagerDuty, Slack, shown
from lambda_world import CHANNELS, Forwarder

from tests.harness.standins.aws import SecretsManager
from tests.harness.standins.https import Answer
from tests.harness.standins.tls import Authority


def test_a_message_is_taken_when_pagerduty_says_202_and_slack_says_ok(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    event = sns(alarm(severity="critical"))

    pagerduty_forwarder.receive(event)
    slack_forwarder.receive(event)

    assert pagerduty.told() == [("trigger", "control-plane-db-cpu-high")]
    assert slack.channels() == ["#database-alerts", "#critical-alerts"]


@pytest.mark.parametrize("status", [200, 201, 204, 302, 400, 402, 410])
def test_anything_but_202_from_pagerduty_is_raised_at_once_with_the_status(
    status: int, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty.answer_with(status, "no such thing")

    with pytest.raises(Exception, match=f"control-plane-db-cpu-high → critical: answered {status}"):
        pagerduty_forwarder.receive(sns(alarm(severity="critical")))

    assert len(pagerduty.requests) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(200, "<html>please log in</html>"), "answered 200: <html>please log in"),
        (Answer(200, ""), "answered 200"),
        (Answer(202, "ok"), "answered 202"),
        (Answer(400, "invalid_blocks"), "answered 400: invalid_blocks"),
        (Answer(410, "channel_is_archived"), "answered 410: channel_is_archived"),
    ],
)
def test_anything_but_200_with_ok_from_slack_is_raised_at_once_with_the_reason(
    answer: Answer, reason: str, slack: Slack, slack_forwarder: Forwarder
) -> None:
    slack.answer_with(*answer)

    with pytest.raises(Exception, match=f"#database-alerts: {reason}"):
        slack_forwarder.receive(sns(alarm()))

    assert len(slack.requests) == 1


def test_a_redirect_is_not_followed(slack: Slack, slack_forwarder: Forwarder, authority: Authority) -> None:
    elsewhere = Slack(authority.server_context())
    slack.answer_with(307, "", {"Location": elsewhere.webhook("#database-alerts")})

    with pytest.raises(Exception, match="answered 307: redirects are not followed"):
        slack_forwarder.receive(sns(alarm()))

    assert elsewhere.requests == []
    elsewhere.stop()


def test_a_429_is_tried_again_after_the_time_that_it_names(slack: Slack, slack_forwarder: Forwarder) -> None:
    slack.answer_with(429, "rate_limited", {"Retry-After": "1"}, times=1)

    slack_forwarder.receive(sns(alarm()))

    first, second = slack.requests
    assert 1.0 <= second.at - first.at < 4.0
    assert slack.channels() == ["#database-alerts"]


def test_a_429_whose_time_is_longer_than_what_is_left_is_raised_without_waiting(
    slack: Slack, slack_forwarder: Forwarder
) -> None:
    slack.answer_with(429, "rate_limited", {"Retry-After": "60"})
    began = time.monotonic()

    with pytest.raises(Exception, match="answered 429: rate_limited"):
        slack_forwarder.receive(sns(alarm()), seconds=30)

    assert time.monotonic() - began < 10


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_twice_and_recovers_gets_the_page_once(
    status: int, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty.answer_with(status, times=1)
    pagerduty.answer_with(status, times=1)

    pagerduty_forwarder.receive(sns(alarm(severity="critical")))

    assert len(pagerduty.requests) == 3
    assert list(pagerduty.states().values()) == ["open"]


def test_a_server_that_fails_for_ever_is_tried_while_time_remains_and_then_raised(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty.answer_with(500, "oops")
    began = time.monotonic()

    with pytest.raises(Exception, match="answered 500: oops"):
        pagerduty_forwarder.receive(sns(alarm(severity="critical")), seconds=4)

    assert time.monotonic() - began < 4
    assert len(pagerduty.requests) >= 3


def test_one_record_that_cannot_be_delivered_does_not_hide_the_others(slack: Slack, slack_forwarder: Forwarder) -> None:
    slack.answer_with(404, "no_service", where="#slo-alerts")
    event = sns(alarm("first"), alarm("second", category="slo"), "a text", alarm("fourth"))

    with pytest.raises(Exception, match="second → #slo-alerts: answered 404: no_service") as raised:
        slack_forwarder.receive(event)

    assert slack.channels() == ["#database-alerts", "#platform-alerts", "#database-alerts"]
    assert "first" not in str(raised.value)


def test_a_retry_repeats_nothing_that_was_taken_as_long_as_the_instance_remembers(
    slack: Slack, slack_forwarder: Forwarder
) -> None:
    event = sns(alarm(severity="critical"), "a text")
    slack.answer_with(404, "no_service", where="#critical-alerts", times=1)

    with pytest.raises(Exception, match="#critical-alerts"):
        slack_forwarder.receive(event)
    slack_forwarder.receive(event)

    assert sorted(slack.channels()) == ["#critical-alerts", "#database-alerts", "#platform-alerts"]


def test_a_duplicate_from_sns_is_told_once(pagerduty: PagerDuty, pagerduty_forwarder: Forwarder) -> None:
    event = sns(alarm(severity="critical"))

    pagerduty_forwarder.receive(event)
    pagerduty_forwarder.receive(event)

    assert len(pagerduty.requests) == 1


def test_two_different_messages_under_one_id_are_two_messages(slack: Slack, slack_forwarder: Forwarder) -> None:
    first, second = sns("one"), sns("another")
    second["Records"][0]["Sns"]["MessageId"] = first["Records"][0]["Sns"]["MessageId"]

    slack_forwarder.receive(first)
    slack_forwarder.receive(second)

    assert [("one" in shown(message)) for message in slack.messages()] == [True, False]


def test_a_failure_is_raised_and_never_returned(pagerduty: PagerDuty, pagerduty_forwarder: Forwarder) -> None:
    pagerduty.answer_with(400, "")

    with pytest.raises(Exception) as raised:
        pagerduty_forwarder.receive(sns(alarm(severity="critical")))

    assert type(raised.value).__name__ == "DeliveryFailed"
    assert pagerduty_forwarder.receive(sns(alarm(severity="warning"))) == {"delivered": 0}


def test_an_event_without_records_is_told_as_what_it_is(slack: Slack, slack_forwarder: Forwarder) -> None:
    strange: list[Any] = [{}, {"hello": "world"}, [], "text", None, 7, {"Records": "x"}, {"Records": [None, 5, {}]}]

    for event in strange:
        slack_forwarder.receive(event)

    assert len(slack.messages("#critical-alerts")) == 10
    assert "hello" in shown(slack.messages()[1])


def test_no_secret_and_no_webhook_is_ever_logged_or_raised(
    capsys: pytest.CaptureFixture[str], slack: Slack, slack_forwarder: Forwarder, pagerduty: PagerDuty,
    pagerduty_forwarder: Forwarder, secrets: SecretsManager,
) -> None:  # fmt: skip
    key, hook = str(secrets["ananta/pagerduty-key"]), slack.webhook("#database-alerts")
    slack.answer_with(400, f"bad request to {hook}")
    pagerduty.answer_with(400, json.dumps({"errors": [f"{key} is not known"]}))
    raised = []
    plain = "http://example.org/services/T0/B0/token"
    for bad in (hook, hook + "\n/x", hook.replace("127.0.0.1", "127.0. 0.1"), plain):
        secrets[CHANNELS["#database-alerts"]] = bad
        slack_forwarder.restart()
        with pytest.raises(Exception) as problem:
            slack_forwarder.receive(sns(alarm()))
        raised.append(str(problem.value))
    with pytest.raises(Exception) as problem:
        pagerduty_forwarder.receive(sns(alarm(severity="critical")))
    raised.append(str(problem.value))

    said = "\n".join([*raised, capsys.readouterr().out])

    assert "#database-alerts" in said
    for secret in (key, hook.rpartition("/")[2], "/services/", "example-token", "secret+key"):
        assert secret not in said


def test_each_outcome_is_one_line_of_json_with_the_alarms_name(
    capsys: pytest.CaptureFixture[str], slack: Slack, slack_forwarder: Forwarder
) -> None:
    slack.answer_with(500, times=1)
    slack_forwarder.receive(sns(alarm("a\nb", description="x\ny")))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [(line["outcome"], line["alarm"], line["tries"]) for line in lines] == [
        ("retried", "a b", 1),
        ("delivered", "a b", 2),
    ]
