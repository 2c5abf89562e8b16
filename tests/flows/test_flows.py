"""The architecture's three flows end to end on the applied example: real failures, and exactly who is told."""

import time

import pytest

from tests.harness.flow_database_cpu import database_cpu
from tests.harness.flow_error_budget import error_budget
from tests.harness.flow_service_down import service_down
from tests.harness.flows import compare, expectation
from tests.harness.stack import Stack
from tests.harness.timeline import Timeline

pytestmark = pytest.mark.timeout(900)


def test_a_dead_service_pages_once_tells_its_team_and_quiets_its_other_alerts(deployed: Stack) -> None:
    with Timeline("Service down", deployed.world.recorder) as timeline:
        outcome = service_down(deployed, timeline)
    assert not outcome.problems, "\n".join(outcome.problems)


def test_a_busy_database_reaches_its_team_through_cloudwatch_and_its_end_too(deployed: Stack) -> None:
    with Timeline("Database CPU high", deployed.world.recorder) as timeline:
        outcome = database_cpu(deployed, timeline)
    assert not outcome.problems, "\n".join(outcome.problems)


def test_a_topic_that_lost_its_subscription_is_noticed(deployed: Stack) -> None:
    assert deployed.cloud is not None
    sns, topic = deployed.cloud.localstack.client("sns"), deployed.cloud.module["topic_arns"]["warning"]
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    slack = next(one for one in subscriptions if one["Endpoint"].endswith("slack-forwarder"))
    sns.unsubscribe(SubscriptionArn=slack["SubscriptionArn"])
    busy = expectation("database-cpu")
    expected = busy._replace(told={"control-plane-db-storage-low": busy.told["control-plane-db-cpu-high"]})
    began = time.time()
    try:
        deployed.cloud.localstack.client("cloudwatch").set_alarm_state(
            AlarmName="control-plane-db-storage-low", StateValue="ALARM", StateReason="a drill"
        )
        deployed.world.recorder.wait(lambda delivery: delivery.receiver.startswith("mail@"), 60, since=began)
        deployed.world.recorder.wait_quiet(6, timeout=30)
    finally:
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=slack["Endpoint"])

    difference, problems = compare(expected, deployed.world.recorder.since(began), ("firing",), incidents=0)
    assert {told.receiver for told in difference.missing} == {"#database-alerts"}
    assert not difference.unexpected
    assert problems == [str(difference)]


def test_errors_that_burn_the_budget_page_once_with_their_numbers(deployed: Stack) -> None:
    with Timeline("Error budget burning fast", deployed.world.recorder) as timeline:
        outcome = error_budget(deployed, timeline)
    assert not outcome.problems, "\n".join(outcome.problems)


def test_no_secret_stands_where_it_can_be_read_by_the_way(deployed: Stack) -> None:
    assert deployed.cloud is not None
    localstack, terraform = deployed.cloud.localstack, deployed.cloud.terraform
    functions = deployed.cloud.module["function_names"].values()
    lambdas = localstack.client("lambda")
    ec2 = localstack.client("ec2")
    templates = ec2.describe_launch_templates()["LaunchTemplates"]
    versions = [
        ec2.describe_launch_template_versions(LaunchTemplateId=one["LaunchTemplateId"])["LaunchTemplateVersions"]
        for one in templates
    ]
    places = {
        "state": terraform.state(),
        "plan": str(terraform.plan()),
        "terraform's log": terraform.log.read_text(),
        "user data": str(versions),
        "function environment": str([lambdas.get_function_configuration(FunctionName=name) for name in functions]),
        "function logs": str([localstack.function_log(name) for name in functions]),
        "host logs": "".join(path.read_text() for path in (deployed.run_dir / "logs").glob("*.log")),
        "config release": str(deployed.rendered.files),
    }

    planted = deployed.world.secret_values
    assert all(len(text) > 100 for text in places.values())
    found = [
        f"{secret} in the {place}"
        for place, text in places.items()
        for secret, value in planted.items()
        if value in text
    ]
    assert found == []
