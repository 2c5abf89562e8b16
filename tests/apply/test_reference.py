"""The reference deployment on the emulator: complete, quiet at the second plan, gone after destroy, and there again."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apply.conftest import Account, applied, empty_account
from tests.harness import paths, process, terraform
from tests.harness.localstack import LocalStack
from tests.harness.terraform import Terraform

AGENT = paths.ROOT / "monitoring_configs/host/agent.py"
# Actions for which AWS knows no narrower resource.
WITHOUT_RESOURCE = {
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricData",
    "ec2:DescribeVolumes",
    "secretsmanager:BatchGetSecretValue",
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """An account of its own: what is left after destroy is looked for in the whole of it."""
    with empty_account(tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="module")
def deployment(repository: Path, emulator: LocalStack) -> Terraform:
    return applied(repository / "examples/ananta", emulator, {"disposable": True})


@pytest.fixture(scope="module")
def told(deployment: Terraform) -> dict[str, Any]:
    output: dict[str, Any] = deployment.output()["alerting"]
    return output


@pytest.fixture(scope="module")
def account(deployment: Terraform, emulator: LocalStack) -> Account:
    return Account(emulator, emulator.region)


def test_a_second_plan_is_empty_also_from_another_checkout_and_writes_nothing(
    deployment: Terraform, emulator: LocalStack, tmp_path: Path
) -> None:
    # Another path, another umask, other times, and nothing outside the root module's folder can be written.
    checkout = terraform.copy_repository(tmp_path / "another checkout")
    root = checkout / "examples/ananta"
    terraform.point_at_emulator(root, emulator.url)
    shutil.copy2(deployment.folder / "terraform.tfstate", root)
    apart = [path for path in checkout.rglob("*") if root not in (path, *path.parents)]
    for path in [checkout, *apart]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o500 if path.is_dir() else 0o400)
    second = Terraform(root, {"disposable": True})
    try:
        second.init(readonly_lock=True)
        assert second.changes() == []
    finally:
        for path in [checkout, *apart]:
            path.chmod(path.stat().st_mode | 0o200)

    # Root may write everywhere: what was written is looked for.
    left = [path for path in checkout.rglob("*") if root not in (path, *path.parents)]
    assert sorted(left) == sorted(apart)
    assert {path.stat().st_mtime for path in apart} == {1_000_000_000}


def test_each_alarm_tells_its_own_topic_and_tells_its_end_too(told: dict[str, Any], account: Account) -> None:
    alarms = account.alarms()
    assert len(told["alarms"]) == 22
    for name, labels in told["alarms"].items():
        topic = told["topic_arns"][labels["topic"]]
        assert (alarms[name]["AlarmActions"], alarms[name]["OKActions"]) == ([topic], [topic])
        assert alarms[name]["InsufficientDataActions"] == []
    assert set(alarms) == set(told["alarm_arns"])


def test_the_watchers_tell_the_fallback_topic_alone(told: dict[str, Any], account: Account) -> None:
    topics = told["topic_arns"]
    watchers = {name: alarm["AlarmActions"] for name, alarm in account.alarms().items() if name not in told["alarms"]}
    heartbeat = watchers.pop("ananta-heartbeat-missing")
    assert sorted(heartbeat) == sorted([topics["critical"], topics["fallback"]])
    assert set(watchers.pop("ananta-canary")) == set(topics.values()) - {topics["fallback"]}
    assert len(watchers) == 24
    assert all(actions == [topics["fallback"]] for actions in watchers.values())


def test_a_topic_policy_names_its_own_topic_alone(told: dict[str, Any], account: Account) -> None:
    topics = account.topics()
    assert len(topics) == 5
    for attributes in topics.values():
        statements = json.loads(attributes["Policy"])["Statement"]
        assert {one["Resource"] for one in statements} == {attributes["TopicArn"]}
        assert {one["Effect"] for one in statements} == {"Allow", "Deny"}
        encrypted = attributes.get("KmsMasterKeyId")
        assert encrypted == (None if attributes["TopicArn"] == told["topic_arns"]["fallback"] else told["key_arn"])


def test_what_a_forwarder_cannot_take_goes_to_its_own_queue(told: dict[str, Any], account: Account) -> None:
    sqs = account.client("sqs")
    for function, url in told["undelivered_queue_urls"].items():
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        heard = [one for one in account.subscriptions("lambda") if one["Endpoint"] == told["function_arns"][function]]
        assert {one["TopicArn"] for one in heard} == set(told["topic_arns"].values()) - {told["topic_arns"]["fallback"]}
        assert {json.loads(one["RedrivePolicy"])["deadLetterTargetArn"] for one in heard} == {queue["QueueArn"]}
        policy = {one["Sid"]: one for one in json.loads(queue["Policy"])["Statement"]}
        admitted = policy["OwnTopicsMayPutAside"]
        assert set(admitted["Condition"]["ArnEquals"]["aws:SourceArn"]) == {one["TopicArn"] for one in heard}
        assert admitted["Resource"] == queue["QueueArn"]
        invoke = account.client("lambda").get_function_event_invoke_config(
            FunctionName=told["function_names"][function]
        )
        assert invoke["DestinationConfig"]["OnFailure"]["Destination"] == queue["QueueArn"]


def test_no_role_may_more_than_it_must(account: Account, told: dict[str, Any]) -> None:
    iam = account.client("iam")
    roles = [one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith("ananta-")]
    assert len(roles) == 4
    for role in roles:
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any("*" in action for action in actions)
            if statement["Resource"] == "*":
                assert set(actions) <= WITHOUT_RESOURCE
    slack = iam.get_role_policy(RoleName="ananta-slack-forwarder-eu-central-1", PolicyName="forward-alerts")
    readable = [s for s in slack["PolicyDocument"]["Statement"] if "secretsmanager:GetSecretValue" in s["Action"]]
    assert set(readable[0]["Resource"]) == {
        arn for file, arn in told["secret_arns"].items() if file.startswith("slack_")
    }


def test_secrets_are_empty_until_somebody_fills_them(account: Account, told: dict[str, Any]) -> None:
    secrets = account.client("secretsmanager")
    for secret in told["secrets_to_fill"].values():
        with pytest.raises(secrets.exceptions.ResourceNotFoundException):
            secrets.get_secret_value(SecretId=secret["id"])


def test_the_group_holds_one_host(account: Account, told: dict[str, Any]) -> None:
    name = told["host"]["autoscaling_group_name"]
    (group,) = account.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    assert len(group["Instances"]) == 1


def test_the_user_data_is_short_and_sound(account: Account) -> None:
    templates = account.client("ec2").describe_launch_template_versions(
        LaunchTemplateName="ananta-monitoring-host", Versions=["$Latest"]
    )
    script = base64.b64decode(templates["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]).decode()

    assert len(script) <= 16384
    done = process.run(["bash", "-n"], timeout_s=10, stdin=script)
    assert (done.returncode, done.stderr) == (0, "")
    settings = json.loads(script.split("<<'SETTINGS'\n")[1].split("\nSETTINGS")[0])
    assert settings["volume"].startswith("vol-")
    assert settings["secrets"]["pagerduty_key"] == "ananta/pagerduty-key"
    compile(script.split("<<'BOOT'\n")[1].split("\nBOOT")[0], "boot", "exec")


@pytest.fixture
def on_the_host(emulator: LocalStack) -> Iterator[dict[str, str]]:
    """The environment of the agent: the AWS command line, pointed at the emulator."""
    python = paths.CACHE / "venv/bin"
    yield {**emulator.environment(), "PATH": f"{python}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")}


def test_the_hosts_agent_fetches_the_release(told: dict[str, Any], on_the_host: dict[str, str], tmp_path: Path) -> None:
    release = told["config_release"]
    words = ["fetch", "--bucket", release["bucket"], "--key", release["key"], "--dest", str(tmp_path)]
    done = process.run(["python3", str(AGENT), *words], timeout_s=60, env=on_the_host)

    assert done.returncode == 0, done.stderr
    fetched = json.loads(done.stdout)
    assert (fetched["hash"], fetched["version"]) == (release["hash"], release["version_id"])
    folder = Path(fetched["folder"])
    assert sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()) == release["files"]


def test_the_hosts_agent_names_what_is_unfilled_and_reads_what_is_filled(
    told: dict[str, Any], account: Account, on_the_host: dict[str, str], tmp_path: Path
) -> None:
    ids = {
        name: secret["id"]
        for name, secret in told["secrets_to_fill"].items()
        if name in ("pagerduty_key", "smtp_password")
    }
    account.client("secretsmanager").put_secret_value(SecretId=ids["smtp_password"], SecretString="open sesame\n")

    words = ["secrets", "--map", json.dumps(ids), "--dest", str(tmp_path / "secrets")]
    done = process.run(["python3", str(AGENT), *words], timeout_s=60, env=on_the_host)

    assert json.loads(done.stdout) == {"unfilled": ["ananta/pagerduty-key"]}, done.stderr
    assert (tmp_path / "secrets/smtp_password").read_bytes() == b"open sesame"


def test_after_destroy_nothing_is_left(deployment: Terraform, account: Account) -> None:
    deployment.destroy()

    assert deployment.resources() == []
    assert account.what_is_left() == {}


def test_what_was_destroyed_can_be_applied_again(deployment: Terraform, account: Account) -> None:
    deployment.apply()

    assert set(account.alarms()) == set(deployment.output()["alerting"]["alarm_arns"])
