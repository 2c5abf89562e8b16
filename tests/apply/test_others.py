"""What a platform brings, deployments side by side, and each path left out. The emulator is thrown away after it."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.apply.conftest import Account, applied
from tests.harness import paths, terraform
from tests.harness.localstack import LocalStack


def test_what_is_brought_in_the_same_apply_is_used_and_not_changed(repository: Path, emulator: LocalStack) -> None:
    deployment = applied(repository / "examples/existing-infrastructure", emulator, {"disposable": True})
    account = Account(emulator, emulator.region)
    told = deployment.output()["alerting"]

    assert deployment.changes() == []
    topics = account.topics()
    for key, name in (("critical", "harbour-pages"), ("warning", "harbour-notices")):
        assert topics[name]["TopicArn"] == told["topic_arns"][key]
        statements = json.loads(topics[name]["Policy"])["Statement"]
        assert statements == [
            {**one, "Resource": topics[name]["TopicArn"]} for one in told["required_statements"]["topic"]
        ]
    assert account.alarms()["planner-db-cpu-high-critical"]["AlarmActions"] == [topics["harbour-pages"]["TopicArn"]]


def test_deployments_stand_side_by_side_in_one_region_and_in_two(repository: Path, emulator: LocalStack) -> None:
    root = repository / "tests/roots/two-deployments"
    shutil.copytree(paths.ROOT / "tests/roots/two-deployments", root)
    deployment = applied(root, emulator, aliases={"elsewhere": "eu-west-1"}, region=emulator.region)

    here, elsewhere = Account(emulator, emulator.region), Account(emulator, "eu-west-1")
    told = deployment.output()["deployments"]
    assert {name for name in here.alarms() if "shop-db" in name} == {
        *(f"shop-db-{suffix}" for suffix in ("cpu-high", "storage-low", "connections-high")),
        *(f"shop-staging-shop-db-{suffix}" for suffix in ("cpu-high", "storage-low", "connections-high")),
    }
    assert set(elsewhere.alarms()) == set(told["elsewhere"]["alarm_arns"]) == set(told["production"]["alarm_arns"])
    assert all(":eu-west-1:" in arn for arn in told["elsewhere"]["alarm_arns"].values())


def test_each_path_can_be_left_out(tmp_path: Path, emulator: LocalStack) -> None:
    repository = terraform.copy_repository(tmp_path)  # apart: it gets a provider block of its own
    ec2 = emulator.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    host = {
        "subnet": {
            "id": subnet["SubnetId"],
            "availability_zone": subnet["AvailabilityZone"],
            "vpc_id": subnet["VpcId"],
        },
        "disposable": True,
    }
    platform: dict[str, Any] = {
        "name": "lone",
        "planes": {"only": {}},
        "services": {"web": {"plane": "only", "probes": [{"http": "http://web:80/"}]}},
        "severities": {"critical": {"slack": "#alerts"}, "warning": {"slack": "#alerts"}},
    }
    secrets = {"recovery_window_days": 0}
    hosted = applied(
        repository,
        emulator,
        {"platform": platform, "cloudwatch": None, "host": host, "secrets": secrets},
        region=emulator.region,
    )
    assert "aws_autoscaling_group" in str(hosted.resources())
    assert "aws_sns_topic" not in str(hosted.resources())

    # From the host alone to nothing at all: what was made goes, rules and routes stay an output.
    variables: dict[str, Any] = {"platform": platform, "cloudwatch": None, "host": None}
    nothing = applied(repository, emulator, variables, region=emulator.region)
    assert nothing.resources() == []
    assert "alertmanager-production.yml" in nothing.output()["routes"]

    variables = {"platform": platform, "host": None, "secrets": secrets}
    alarms = applied(repository, emulator, variables, region=emulator.region)
    assert "aws_lambda_function" in str(alarms.resources())
    assert "aws_autoscaling_group" not in str(alarms.resources())
    alarms.destroy()
    assert alarms.resources() == []
