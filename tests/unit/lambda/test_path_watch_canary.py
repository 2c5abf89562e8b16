"""The canary at the forwarders: it proves the way to them, reaches nobody, and hides no alert."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from lambda_messages import alarm, arn, sns
from lambda_standins import PagerDuty, Slack
from lambda_world import CHANNELS, Forwarder
from path_watch_world import CANARY, CANARY_NAME

from tests.harness.standins.aws import SecretsManager

FUNCTIONS = ("pagerduty", "slack")


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def forwarder(function: str, environment: dict[str, str], slack: Slack) -> Forwarder:
    environment["CANARY"] = CANARY
    return Forwarder(f"{function}_forwarder", lambda: environment)


def canary(**changed: Any) -> dict[str, Any]:
    """CloudWatch's message when path-watch lets the alarm ring."""
    message = alarm(CANARY_NAME, severity="info", category="monitoring", plane="", service="")
    return {**message, "AlarmArn": CANARY, **changed}


def heard(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that the metric filter counts."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["outcome"] == "canary"]


def test_the_canary_is_counted_for_its_function_and_topic_and_reaches_nobody(
    function: str, forwarder: Forwarder, pagerduty: PagerDuty, slack: Slack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert forwarder.receive(sns(canary(), topic="slo-violations-topic")) == {"delivered": 0}

    expected = {"level": "info", "outcome": "canary", "service": function, "topic": "slo-violations-topic"}
    assert heard(capsys) == [expected]
    assert pagerduty.requests == slack.requests == []


def test_a_canary_beside_an_alarm_hides_it_not(forwarder: Forwarder, pagerduty: PagerDuty, slack: Slack) -> None:
    forwarder.receive(sns(canary(), alarm(severity="critical"), canary(), topic="critical-alerts-topic"))

    assert len(pagerduty.taken) + len(slack.channels()) >= 1
    assert CANARY_NAME not in str([request.body for request in pagerduty.requests + slack.requests])


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(alarm("db-cpu-high", severity="critical", category=""), id="another alarm"),
        pytest.param(canary(AlarmArn=arn("db-cpu-high")), id="another alarm of its name"),
        pytest.param(canary(AlarmArn=arn(CANARY_NAME, account="999999999999")), id="another account's"),
        pytest.param(canary(AlarmArn=arn(CANARY_NAME, region="eu-west-1")), id="another region's"),
        pytest.param(canary(AlarmName="db-cpu-high"), id="another name on its ARN"),
        pytest.param(canary(NewStateValue="OK", OldStateValue="ALARM"), id="its end"),
        pytest.param(canary(NewStateValue="alarm"), id="a state in other letters"),
        pytest.param(canary(AlarmArn=[CANARY]), id="its ARN in a list"),
        pytest.param([canary()], id="in a list"),
        pytest.param({"Message": canary()}, id="wrapped"),
        pytest.param(f"{json.dumps(canary())} and more", id="with something behind it"),
        pytest.param(f"db is down, see {CANARY}", id="a text that quotes its ARN"),
        pytest.param({**alarm("db-cpu-high", severity="critical"), "AlarmDescription": CANARY}, id="a quoting alarm"),
    ],
)
def test_whatever_differs_from_the_canary_is_delivered(
    message: Any, environment: dict[str, str], slack: Slack, capsys: pytest.CaptureFixture[str]
) -> None:
    environment["CANARY"] = CANARY

    Forwarder("slack_forwarder", lambda: environment).receive(sns(message, topic="critical-alerts-topic"))

    assert slack.channels() != []
    assert heard(capsys) == []


def test_without_the_canarys_arn_its_alarm_is_an_alarm(environment: dict[str, str], slack: Slack) -> None:
    Forwarder("slack_forwarder", lambda: environment).receive(sns(canary()))

    assert slack.channels() == ["#platform-alerts"]  # told as info: a misconfiguration wakes nobody


def test_a_secret_that_cannot_be_read_keeps_the_canary_away_and_says_why(
    function: str, forwarder: Forwarder, secrets: SecretsManager, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets.answer_with(400, json.dumps({"__type": "AccessDeniedException"}))

    assert forwarder.receive(sns(canary())) == {"delivered": 0}

    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["level"], line["outcome"], line["service"]) == ("error", "canary died", function)
    assert "AccessDeniedException" in line["reason"]


@pytest.mark.parametrize("value", [None, "REPLACE ME"])
def test_a_secret_that_is_not_filled_is_path_watchs_to_name(
    value: str | None, forwarder: Forwarder, secrets: SecretsManager, capsys: pytest.CaptureFixture[str]
) -> None:
    for secret in ("ananta/pagerduty-key", CHANNELS["#critical-alerts"]):
        secrets[secret] = value

    forwarder.receive(sns(canary()))

    assert len(heard(capsys)) == 1


def test_each_function_reads_its_own_secrets_and_no_other(
    function: str, forwarder: Forwarder, secrets: SecretsManager
) -> None:
    forwarder.receive(sns(canary()))

    own = {"ananta/pagerduty-key"} if function == "pagerduty" else set(CHANNELS.values())
    assert sorted(secrets.asked()) == sorted(own)


def test_a_silent_secrets_manager_costs_the_canary_and_not_the_invocation(
    forwarder: Forwarder, secrets: SecretsManager, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets.hang()
    began = time.monotonic()

    forwarder.receive(sns(canary()), seconds=2)

    assert time.monotonic() - began < 2
    assert heard(capsys) == []


def test_a_canary_that_was_put_aside_is_told_to_nobody_when_the_queue_is_replayed(
    forwarder: Forwarder, pagerduty: PagerDuty, slack: Slack
) -> None:
    envelope = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": sns(canary())}
    in_the_queue = {"Records": [{"body": json.dumps(sns(canary())["Records"][0]["Sns"])}]}

    forwarder.receive(envelope)
    forwarder.receive(in_the_queue)

    assert pagerduty.requests == slack.requests == []
