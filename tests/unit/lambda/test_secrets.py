"""Routing keys and webhooks: read at run time, kept for a while, read anew when they were rotated."""

from __future__ import annotations

import json

import pytest
from lambda_messages import alarm, sns
from lambda_standins import PagerDuty, Slack
from lambda_world import ACCOUNT, CHANNELS, Forwarder

from tests.harness.standins.aws import CloudWatch, Extension, SecretsManager
from tests.harness.standins.https import Answer


def test_a_rotated_routing_key_is_picked_up_without_losing_the_page(
    pagerduty: PagerDuty, secrets: SecretsManager, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty_forwarder.receive(sns(alarm("first", severity="critical")))
    pagerduty.accept_only("R0UT1NGK3Y0000000000000000000002")
    secrets["ananta/pagerduty-key"] = "R0UT1NGK3Y0000000000000000000002"

    pagerduty_forwarder.receive(sns(alarm("second", severity="critical")))

    assert pagerduty.told() == [("trigger", "first"), ("trigger", "second")]
    assert len(pagerduty.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_rotated_webhook_is_picked_up_without_losing_the_message(
    status: int, slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder
) -> None:
    slack_forwarder.receive(sns("first"))
    secrets[CHANNELS["#platform-alerts"]] = slack.rotate("#platform-alerts")
    slack.answer_with(status, "invalid_token", times=1)

    slack_forwarder.receive(sns("second"))

    assert slack.channels() == ["#platform-alerts"] * 2
    assert secrets.asked() == [CHANNELS["#platform-alerts"]] * 2


def test_a_key_that_is_refused_and_has_not_changed_is_not_posted_again(
    pagerduty: PagerDuty, secrets: SecretsManager, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty.accept_only("R0UT1NGK3Y0000000000000000000002")

    with pytest.raises(Exception, match="answered 400.*Invalid routing key"):
        pagerduty_forwarder.receive(sns(alarm(severity="critical")))

    assert len(pagerduty.requests) == 1
    assert len(secrets.requests) == 2


def test_a_400_that_does_not_name_the_routing_key_does_not_ask_for_the_secret_again(
    pagerduty: PagerDuty, secrets: SecretsManager, pagerduty_forwarder: Forwarder
) -> None:
    pagerduty.answer_with(400, json.dumps({"errors": ["'payload.summary' is missing"]}))

    with pytest.raises(Exception, match="payload.summary"):
        pagerduty_forwarder.receive(sns(alarm(severity="critical")))

    assert len(secrets.requests) == 1


def test_a_secret_is_asked_for_once_within_its_time(secrets: SecretsManager, slack_forwarder: Forwarder) -> None:
    for number in range(5):
        slack_forwarder.receive(sns(f"text {number}"))

    assert len(secrets.requests) == 1


def test_a_secret_is_asked_for_anew_when_its_time_is_over(
    secrets: SecretsManager, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["SECRET_TTL_SECONDS"] = "0"

    slack_forwarder.receive(sns("one"))
    slack_forwarder.receive(sns("two"))

    assert len(secrets.requests) == 2


@pytest.mark.parametrize(
    "down", [Answer(500), Answer(503), Answer(400, '{"__type": "ThrottlingException"}'), Answer(502, "<html>")]
)
def test_the_old_value_serves_while_secrets_manager_is_down(
    down: Answer, slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["SECRET_TTL_SECONDS"] = "0"
    slack_forwarder.receive(sns("one"))
    secrets.answer_with(*down)

    slack_forwarder.receive(sns("two"))

    assert len(slack.channels()) == 2


def test_without_any_value_a_secrets_manager_that_is_down_is_asked_again_while_time_remains(
    slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder
) -> None:
    secrets.answer_with(500, times=1)
    secrets.answer_with(400, '{"__type": "ThrottlingException"}', times=1)

    slack_forwarder.receive(sns("one"))

    assert slack.channels() == ["#platform-alerts"]
    assert len(secrets.requests) == 3


@pytest.mark.parametrize("value", [None, "", "  ", "REPLACE_ME", "changeme", "<webhook>", "placeholder", "TODO"])
def test_a_secret_that_nobody_has_filled_is_raised_by_its_name_at_once(
    value: str | None, slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder
) -> None:
    secrets[CHANNELS["#platform-alerts"]] = value

    with pytest.raises(Exception, match="#platform-alerts: secret ananta/slack-warnings-webhook is not filled yet"):
        slack_forwarder.receive(sns("one"))

    assert len(secrets.requests) == 1


def test_a_secret_that_is_filled_later_is_used_without_a_restart(
    slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder
) -> None:
    hook = secrets[CHANNELS["#platform-alerts"]]
    secrets[CHANNELS["#platform-alerts"]] = None
    event = sns("one")
    with pytest.raises(Exception, match="not filled yet"):
        slack_forwarder.receive(event)
    secrets[CHANNELS["#platform-alerts"]] = hook

    slack_forwarder.receive(event)

    assert slack.channels() == ["#platform-alerts"]


def test_a_secret_that_may_not_be_read_is_raised_by_its_name_and_with_the_reason(
    secrets: SecretsManager, slack_forwarder: Forwarder
) -> None:
    secrets.answer_with(400, '{"__type": "com.amazon#AccessDeniedException", "Message": "arn of the role"}')

    with pytest.raises(Exception, match="slack-warnings-webhook cannot be read.*400 AccessDeniedException") as raised:
        slack_forwarder.receive(sns("one"))

    assert len(secrets.requests) == 1
    assert "arn of the role" not in str(raised.value)


def test_a_deleted_secret_is_raised_and_its_old_value_is_not_used(
    slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["SECRET_TTL_SECONDS"] = "0"
    slack_forwarder.receive(sns("one"))
    secrets.answer_with(400, '{"__type": "InvalidRequestException"}')

    with pytest.raises(Exception, match="secret ananta/slack-warnings-webhook was deleted"):
        slack_forwarder.receive(sns("two"))


def test_a_value_with_a_newline_at_its_end_is_the_value(
    slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder
) -> None:
    secrets[CHANNELS["#platform-alerts"]] = f"{secrets[CHANNELS['#platform-alerts']]}\n"

    slack_forwarder.receive(sns("one"))

    assert slack.channels() == ["#platform-alerts"]


def test_a_secret_given_by_its_arn_is_asked_for_in_the_arns_region(
    slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:ananta/slack-warnings-webhook-AbCdEf"
    environment["ROUTING"] = json.dumps([{"s": ["warning"], "sl": arn, "ch": "#platform-alerts"}])
    secrets[arn] = slack.webhook("#platform-alerts")

    slack_forwarder.receive(sns("one"))

    assert "/us-east-1/secretsmanager/" in secrets.requests[0].headers["authorization"]


def test_the_extension_is_asked_first_where_its_layer_is_configured(
    slack: Slack, secrets: SecretsManager, extension: Extension, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = str(extension.port)
    extension.values[CHANNELS["#platform-alerts"]] = slack.webhook("#platform-alerts")

    slack_forwarder.receive(sns("one"))

    assert (len(extension.requests), len(secrets.requests)) == (1, 0)
    assert slack.channels() == ["#platform-alerts"]


def test_an_extension_that_does_not_help_costs_nothing(
    slack: Slack, secrets: SecretsManager, extension: Extension, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = "9"
    slack_forwarder.receive(sns("refused"))
    slack_forwarder.restart()
    environment["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = str(extension.port)
    slack_forwarder.receive(sns("does not know it"))

    assert len(slack.channels()) == 2
    assert (len(extension.requests), len(secrets.requests)) == (1, 2)


def test_a_key_that_was_rotated_is_read_past_the_extensions_cache(
    slack: Slack, secrets: SecretsManager, extension: Extension, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = str(extension.port)
    extension.values[CHANNELS["#platform-alerts"]] = f"{slack.url}/services/T000/B000/old-token"

    slack_forwarder.receive(sns("one"))

    assert slack.channels() == ["#platform-alerts"]
    assert (len(extension.requests), len(secrets.requests)) == (1, 1)


def test_nothing_is_asked_of_cloudwatch_for_news(cloudwatch: CloudWatch, slack_forwarder: Forwarder) -> None:
    slack_forwarder.receive(sns(alarm()))

    assert cloudwatch.requests == []
