"""path-watch: what it may, when it runs, what it looks for, and which silence rings."""

import json
from typing import Any

import pytest

from tests.plan.answers import ACCOUNT
from tests.plan.conftest import SMALL, Plan, Root
from tests.plan.filters import passes

HERE = "module.path_watch[0]."
CANARY = f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:ananta-canary"
LEGS = (
    *(f"ananta-{function}-forwarder-canary-missing" for function in ("pagerduty", "slack")),
    *(f"ananta-{topic}-topic-canary-missing" for topic in ("critical", "warning", "slo", "infrastructure")),
)


def alarms(plan: Plan) -> dict[str, dict[str, Any]]:
    found = plan.of_type("aws_cloudwatch_metric_alarm")
    return {one["alarm_name"]: one for address, one in found.items() if address.startswith(HERE)}


def allowed(plan: Plan) -> dict[str, set[str]]:
    """Actions of the role by the statement's sid. Their resources are known at apply, where a test looks at them."""
    changes = {c["address"].removeprefix("module.alerting."): c["change"] for c in plan.raw["resource_changes"]}
    (policy,) = [c for a, c in changes.items() if a == f"{HERE}data.aws_iam_policy_document.this"]
    return {one["sid"]: set(one["actions"]) for one in policy["after"]["statement"]}


def wanted(plan: Plan) -> dict[str, Any]:
    """What the rule hands to the function."""
    read: dict[str, Any] = json.loads(plan.resources[f"{HERE}aws_cloudwatch_event_target.this"]["input"])
    return read


@pytest.fixture(scope="session")
def reminding(module: Root) -> Plan:
    """Reminders, every minute, in a VPC, with a topic of the caller's and without mail."""
    return module.plan(
        platform=SMALL,
        cloudwatch={
            "email": False,
            "fallback": {"sms_numbers": ["+4930123456"]},
            "path_watch": {"interval_minutes": 1, "remind_after_hours": 6},
        },
        forwarders={"vpc": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}, "tracing": True},
        topics={"critical": {"arn": f"arn:aws:sns:eu-central-1:{ACCOUNT}:theirs"}},
    )


def test_it_runs_every_five_minutes_and_a_round_is_not_repeated(ananta: Plan) -> None:
    assert ananta.resources[f"{HERE}aws_cloudwatch_event_rule.this"]["schedule_expression"] == "rate(5 minutes)"
    target = ananta.resources[f"{HERE}aws_cloudwatch_event_target.this"]
    retry = ananta.resources[f"{HERE}aws_lambda_function_event_invoke_config.this"]
    assert target["retry_policy"][0]["maximum_retry_attempts"] == retry["maximum_retry_attempts"] == 0
    permission = ananta.resources[f"{HERE}aws_lambda_permission.rule"]
    assert (permission["principal"], permission["action"]) == ("events.amazonaws.com", "lambda:InvokeFunction")


def test_its_function_is_like_the_forwarders(ananta: Plan, tuned: Plan) -> None:
    function = ananta.resources[f"{HERE}aws_lambda_function.this"]
    assert (function["function_name"], function["runtime"], function["memory_size"]) == (
        "ananta-path-watch",
        "python3.11",
        128,
    )
    assert function["handler"] == "path_watch.handler.lambda_handler"
    assert function["filename"].endswith("lambda_src/dist/path-watch.zip")
    group = ananta.resources[f"{HERE}aws_cloudwatch_log_group.this"]
    assert (group["name"], group["retention_in_days"]) == ("/aws/lambda/ananta-path-watch", 90)
    assert tuned.resources[f"{HERE}aws_lambda_function.this"]["tracing_config"] == [{"mode": "Active"}]


def test_it_may_look_and_tell_and_nothing_else(ananta: Plan, reminding: Plan) -> None:
    always = {
        "WriteAndReadItsOwnLog": {"logs:CreateLogStream", "logs:PutLogEvents", "logs:FilterLogEvents"},
        "SeeWhoListens": {"sns:ListSubscriptionsByTopic"},
        "SeeWhetherSecretsAreFilledNotWithWhat": {"secretsmanager:DescribeSecret"},
        "LetTheCanaryRing": {"cloudwatch:SetAlarmState"},
        "TellWhatItHasFound": {"sns:Publish"},
        "UseTheKeyOfTheTopics": {"kms:Decrypt", "kms:GenerateDataKey"},
    }
    assert allowed(ananta) == always
    assert allowed(reminding).keys() == always.keys() | {"SeeWhichAlarmsRing", "LiveInTheVpc", "SendTraces"}
    assert allowed(reminding)["SeeWhichAlarmsRing"] == {"cloudwatch:DescribeAlarms"}


def test_it_looks_for_every_subscription_and_every_secret_of_the_plan(ananta: Plan) -> None:
    subscribed: dict[str, list[str]] = {"fallback": ["oncall@ananta.io"]}
    for subscription in ananta.outputs["alerting"]["email_subscriptions"]:
        topic, _, address = subscription.partition("/")
        subscribed.setdefault(topic, []).append(address)
    assert {key: sorted(found) for key, found in wanted(ananta)["mail"].items()} == {
        key: sorted(found) for key, found in subscribed.items()
    }
    secrets = {one["name"] for one in ananta.of_type("aws_secretsmanager_secret").values()}
    assert set(wanted(ananta)["secrets"]) == secrets
    assert len(secrets) > 5


def test_without_mail_no_address_is_missed(reminding: Plan) -> None:
    assert wanted(reminding)["mail"] == {"fallback": []}


def test_the_canary_is_an_alarm_without_data_that_goes_to_every_topic(ananta: Plan) -> None:
    canary = alarms(ananta)["ananta-canary"]
    assert (canary["treat_missing_data"], canary["metric_name"]) == ("notBreaching", "Never")
    assert canary["ok_actions"] is None
    assert canary["insufficient_data_actions"] is None
    assert "Labels: severity=info, category=monitoring" in canary["alarm_description"]
    for forwarder in ("pagerduty-forwarder", "slack-forwarder"):
        function = ananta.resources[f'module.forwarder["{forwarder}"].aws_lambda_function.this']
        assert function["environment"][0]["variables"]["CANARY"] == CANARY


def test_no_mail_filter_lets_the_canary_pass(ananta: Plan, tuned: Plan, brought: Plan) -> None:
    for plan in (ananta, tuned, brought):
        (name,) = [name for name in alarms(plan) if name.endswith("-canary")]
        filters = [one["filter_policy"] for one in plan.of_type("aws_sns_topic_subscription").values()]
        assert not [policy for policy in filters if policy and passes(policy, {"AlarmName": name})]


def test_a_canary_is_counted_by_function_and_by_topic(ananta: Plan) -> None:
    filters = ananta.of_type("aws_cloudwatch_log_metric_filter").values()
    assert {(one["log_group_name"], one["name"]) for one in filters} == {
        (f"/aws/lambda/ananta-{function}-forwarder", f"canary-by-{what}")
        for function in ("pagerduty", "slack")
        for what in ("function", "topic")
    }
    for one in filters:
        assert one["pattern"] == '{ $.outcome = "canary" }'
        (counted,) = one["metric_transformation"]
        assert (counted["namespace"], counted["name"], counted["value"]) == ("Alerting/ananta", "Canary", "1")
        field = "$.service" if one["name"] == "canary-by-function" else "$.topic"
        assert list(counted["dimensions"].values()) == [field]


def test_each_leg_of_the_path_has_an_alarm_on_the_canarys_silence(ananta: Plan) -> None:
    silences = {name: one for name, one in alarms(ananta).items() if name.endswith("-canary-missing")}
    assert set(silences) == set(LEGS)
    dimensions = [next(iter(one["dimensions"].items())) for one in silences.values()]
    assert sorted(dimensions) == [
        ("Function", "pagerduty"),
        ("Function", "slack"),
        ("Topic", "ananta-critical-alerts-topic"),
        ("Topic", "ananta-infrastructure-alerts-topic"),
        ("Topic", "ananta-slo-violations-topic"),
        ("Topic", "ananta-warning-alerts-topic"),
    ]
    for one in silences.values():
        assert (one["namespace"], one["metric_name"], one["statistic"]) == ("Alerting/ananta", "Canary", "Sum")


@pytest.mark.parametrize("interval", [5, 1])
def test_silence_is_the_fault_itself_and_one_lost_round_is_none(interval: int, ananta: Plan, reminding: Plan) -> None:
    plan = ananta if interval == 5 else reminding
    silences = [one for one in alarms(plan).values() if one["treat_missing_data"] == "breaching"]
    assert len(silences) == 7
    for one in silences:
        assert (one["comparison_operator"], one["threshold"]) == ("LessThanThreshold", 1)
        # A period holds a round; CloudWatch looks back further than the periods that it counts, at least by two.
        assert one["period"] == interval * 60
        assert one["evaluation_periods"] == one["datapoints_to_alarm"] == 3
        assert f"{3 * interval} to {6 * interval} min" in one["alarm_description"]
        assert "No data is the fault itself" in one["alarm_description"]


def test_its_own_errors_ring_once_while_they_last(ananta: Plan) -> None:
    errors = alarms(ananta)["ananta-path-watch-errors"]
    assert (errors["namespace"], errors["metric_name"], errors["treat_missing_data"]) == (
        "AWS/Lambda",
        "Errors",
        "notBreaching",
    )
    assert errors["period"] * errors["evaluation_periods"] > 300
    assert errors["datapoints_to_alarm"] == 1
    assert alarms(ananta)["ananta-path-watch-silent"]["metric_name"] == "Invocations"


def test_a_message_that_no_mail_filter_can_read_has_an_alarm_on_every_topic(ananta: Plan) -> None:
    alarms = [
        (one["alarm_name"], one["statistic"], one["comparison_operator"], one["threshold"], one["treat_missing_data"])
        for one in ananta.of_type("aws_cloudwatch_metric_alarm").values()
        if one["metric_name"] == "NumberOfNotificationsFilteredOut-InvalidMessageBody"
    ]
    assert sorted(alarms) == [
        (f"ananta-{topic}-topic-unreadable", "Sum", "GreaterThanThreshold", 0, "notBreaching")
        for topic in ("critical-alerts", "infrastructure-alerts", "slo-violations", "warning-alerts")
    ]


def test_it_can_be_left_out(module: Root) -> None:
    plan = module.plan(platform=SMALL, cloudwatch={"path_watch": {"enabled": False}})

    assert not [address for address in plan.resources if address.startswith(HERE)]
    assert plan.outputs["path_watch"] is None
    assert "aws_lambda_function" in plan.types.values()


def test_a_log_that_forgets_before_the_next_reminder_is_refused(module: Root) -> None:
    told = module.refusal(
        platform=SMALL,
        cloudwatch={"path_watch": {"remind_after_hours": 30}},
        forwarders={"log_retention_days": 1},
    )

    assert "remind_after_hours of path-watch is 30, and its log is kept for 1 days" in told
