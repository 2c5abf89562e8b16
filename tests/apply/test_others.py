"""What a platform brings, and deployments side by side. The emulator is thrown away after it."""

import json
import shutil
from pathlib import Path

from tests.apply.conftest import Account, applied
from tests.harness import paths
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
