"""The forwarders: what runs them, what they are told, and who is told when they fail."""

from typing import Any

import pytest

from tests.plan.conftest import EXTENSION, Plan

NAMES = ("pagerduty-forwarder", "slack-forwarder")


def functions(plan: Plan) -> dict[str, dict[str, Any]]:
    """The forwarders' functions by what they are (pagerduty-forwarder, …)."""
    found = plan.of_type("aws_lambda_function")
    return {address.split('"')[1]: one for address, one in found.items() if "module.forwarder[" in address}


def variables(function: dict[str, Any]) -> dict[str, str]:
    environment: dict[str, str] = function["environment"][0]["variables"]
    return environment


def test_secrets_are_read_through_the_extension_where_its_layer_is_given(tuned: Plan) -> None:
    for name in NAMES:
        function = functions(tuned)[name]
        assert function["layers"] == [EXTENSION]
        assert variables(function)["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] == "2773"


def test_a_rotated_secret_is_known_in_the_promised_time_with_the_extension_too(tuned: Plan) -> None:
    for function in functions(tuned).values():
        own, extensions = (int(variables(function)[key]) for key in ("SECRET_TTL_SECONDS", "SECRETS_MANAGER_TTL"))
        assert own + extensions == 120
        assert 0 <= extensions <= 300  # the extension's own limit


def test_without_a_layer_nothing_speaks_of_the_extension(ananta: Plan) -> None:
    for function in functions(ananta).values():
        assert not function["layers"]
        assert variables(function)["SECRET_TTL_SECONDS"] == "300"
        assert not [key for key in variables(function) if "EXTENSION" in key or key.startswith("SECRETS_MANAGER")]


def test_retries_and_age_reach_lambda(tuned: Plan) -> None:
    settings = tuned.of_type("aws_lambda_function_event_invoke_config")
    forwarders = [one for address, one in settings.items() if "module.forwarder[" in address]
    assert len(forwarders) == 2
    for one in forwarders:
        assert (one["maximum_retry_attempts"], one["maximum_event_age_in_seconds"]) == (0, 21600)


@pytest.mark.parametrize(
    ("suffix", "namespace", "metric", "statistic"),
    [
        ("errors", "AWS/Lambda", "Errors", "Sum"),
        ("throttles", "AWS/Lambda", "Throttles", "Sum"),
        ("undelivered", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
        ("lost", "AWS/Lambda", "DestinationDeliveryFailures", "Sum"),
    ],
)
def test_each_fault_of_a_forwarder_rings_at_its_first_count(
    ananta: Plan, suffix: str, namespace: str, metric: str, statistic: str
) -> None:
    alarms = {one["alarm_name"]: one for one in ananta.of_type("aws_cloudwatch_metric_alarm").values()}
    for name in NAMES:
        alarm = alarms[f"ananta-{name}-{suffix}"]
        queue, function = {"QueueName": f"ananta-{name}-undelivered"}, {"FunctionName": f"ananta-{name}"}
        assert (alarm["namespace"], alarm["metric_name"], alarm["statistic"]) == (namespace, metric, statistic)
        assert alarm["dimensions"] == (queue if suffix == "undelivered" else function)
        assert (alarm["comparison_operator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
        assert (alarm["period"], alarm["evaluation_periods"]) == (60, 1)


def test_what_a_topic_could_not_hand_over_or_read_rings(ananta: Plan) -> None:
    found = ananta.of_type("aws_cloudwatch_metric_alarm").values()
    watched = {
        (alarm["dimensions"]["TopicName"], alarm["metric_name"]): (alarm["statistic"], alarm["threshold"])
        for alarm in found
        if alarm["namespace"] == "AWS/SNS"
    }
    topics = ("critical-alerts", "warning-alerts", "slo-violations", "infrastructure-alerts")
    assert watched == {
        (f"ananta-{topic}-topic", metric): ("Sum", 0)
        for topic in topics
        for metric in ("NumberOfNotificationsFailed", "NumberOfNotificationsFilteredOut-InvalidMessageBody")
    }
