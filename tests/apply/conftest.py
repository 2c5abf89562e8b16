"""Examples applied to the emulator: everything that is really asked of AWS' interfaces, and given back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import terraform
from tests.harness.localstack import LocalStack

APPLY_TIMEOUT_S = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An apply takes a minute or two, and more on a busy machine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(APPLY_TIMEOUT_S))


def empty_account(tmp_path_factory: pytest.TempPathFactory) -> LocalStack:
    """An emulator, not started yet."""
    # Nothing here waits for an alarm, and judging dozens of them every few seconds costs half a core.
    return LocalStack(tmp_path_factory.mktemp("emulator"), alarm_interval_s=3600)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One account for all that leave something behind."""
    with empty_account(tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return terraform.copy_repository(tmp_path_factory.mktemp("repository"))


def applied(
    root: Path, emulator: LocalStack, variables: dict[str, Any] | None = None, **options: Any
) -> terraform.Terraform:
    """A root module, applied."""
    terraform.point_at_emulator(root, emulator.url, **options)
    deployment = terraform.Terraform(root, variables)
    if not (root / ".terraform").is_dir():
        deployment.init()
    deployment.apply()
    return deployment


class Account:
    """What is in the emulator's account, by the words of its owner."""

    def __init__(self, emulator: LocalStack, region: str) -> None:
        self.emulator = emulator
        self.region = region

    def client(self, service: str) -> Any:
        return self.emulator.client(service, self.region)

    def alarms(self) -> dict[str, dict[str, Any]]:
        pages = self.client("cloudwatch").get_paginator("describe_alarms").paginate()
        return {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}

    def topics(self) -> dict[str, dict[str, str]]:
        sns = self.client("sns")
        arns = [one["TopicArn"] for one in sns.list_topics()["Topics"]]
        return {arn.split(":")[-1]: sns.get_topic_attributes(TopicArn=arn)["Attributes"] for arn in arns}

    def subscriptions(self, protocol: str) -> list[dict[str, str]]:
        sns = self.client("sns")
        pages = sns.get_paginator("list_subscriptions").paginate()
        found = [one for page in pages for one in page["Subscriptions"] if one["Protocol"] == protocol]
        return [sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"] for one in found]

    def what_is_left(self) -> dict[str, list[str]]:
        """Everything of the kinds that the module makes; empty after a clean destroy."""
        found = {
            "alarms": list(self.alarms()),
            "topics": list(self.topics()),
            "queues": self.client("sqs").list_queues().get("QueueUrls", []),
            "functions": [one["FunctionName"] for one in self.client("lambda").list_functions()["Functions"]],
            "logs": [one["logGroupName"] for one in self.client("logs").describe_log_groups()["logGroups"]],
            "secrets": [one["Name"] for one in self.client("secretsmanager").list_secrets()["SecretList"]],
            "buckets": [one["Name"] for one in self.client("s3").list_buckets()["Buckets"]],
            "roles": [one["RoleName"] for one in self.client("iam").list_roles()["Roles"]],
            "groups": [
                one["AutoScalingGroupName"]
                for one in self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
            ],
            "volumes": [one["VolumeId"] for one in self.client("ec2").describe_volumes()["Volumes"]],
        }
        return {kind: names for kind, names in found.items() if names}
