"""A small deployment through its life, each test from where the one before left it.

Destroyed secrets are taken in again, one path makes room for the other, and a role is made anew. The emulator is thrown
away after it.
"""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.apply.conftest import Account, applied
from tests.docs.conftest import blocks, commands
from tests.harness import paths, process, terraform
from tests.harness.localstack import LocalStack

PLATFORM: dict[str, Any] = {
    "name": "lone",
    "planes": {"only": {}},
    "services": {"web": {"plane": "only", "probes": [{"http": "http://web:80/"}]}},
    "severities": {"critical": {"slack": "#alerts"}, "warning": {"slack": "#alerts"}},
}
SECRETS = ["module.secrets"]
ROLE = 'module.forwarder["slack-forwarder"].aws_iam_role.this'


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module itself as a root: a copy apart, for it gets a provider block."""
    return terraform.copy_repository(tmp_path_factory.mktemp("lone"))


@pytest.fixture(scope="module")
def host(emulator: LocalStack) -> dict[str, Any]:
    subnet = emulator.client("ec2").describe_subnets()["Subnets"][0]
    where = {"id": subnet["SubnetId"], "availability_zone": subnet["AvailabilityZone"], "vpc_id": subnet["VpcId"]}
    return {"subnet": where, "disposable": True}


@pytest.fixture(scope="module")
def account(emulator: LocalStack) -> Account:
    return Account(emulator, emulator.region)


def deployed(root: Path, emulator: LocalStack, **variables: Any) -> terraform.Terraform:
    return applied(root, emulator, {"platform": PLATFORM, **variables}, region=emulator.region)


def test_secrets_destroyed_with_a_recovery_window_are_taken_in_again_with_their_values(
    root: Path, emulator: LocalStack, host: dict[str, Any], account: Account
) -> None:
    # Of the first life only what outlives it: by default a destroyed secret keeps its name and value for 30 days.
    terraform.point_at_emulator(root, emulator.url, region=emulator.region)
    first = terraform.Terraform(root, {"platform": PLATFORM, "cloudwatch": None, "host": host})
    first.init()
    first.apply(targets=SECRETS)
    arns = first.output()["secret_arns"]
    for arn in arns.values():
        account.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=f"value of {arn}")
    first.destroy(targets=SECRETS)

    for arn in arns.values():
        as_documented(restore_command(arn), emulator)
    (root / "import.tf").write_text(import_block(arns))
    # Window 0 from here on, for the tests that follow.
    hosted = deployed(root, emulator, cloudwatch=None, host=host, secrets={"recovery_window_days": 0})

    assert hosted.output()["secret_arns"] == arns
    for arn in arns.values():
        assert account.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == f"value of {arn}"
    assert hosted.changes() == []
    assert "aws_autoscaling_group" in str(hosted.resources())
    assert "aws_sns_topic" not in str(hosted.resources())


def restore_command(arn: str) -> list[str]:
    """The documented command, for this secret."""
    (words,) = [shlex.split(line) for line in commands() if line.startswith("aws secretsmanager restore-secret")]
    return [*words[:-1], arn]


def import_block(arns: dict[str, str]) -> str:
    """The documented block with these secrets, in a root that is the module itself."""
    (block,) = [block.text for block in blocks("hcl") if block.text.startswith("import ")]
    secrets = "".join(f"    {name} = {json.dumps(arn)}\n" for name, arn in arns.items())
    return re.sub(r"for_each = \{.*?\n  \}", f"for_each = {{\n{secrets}  }}", block, flags=re.DOTALL).replace(
        "module.alerting.", ""
    )


def as_documented(words: list[str], emulator: LocalStack) -> None:
    path = f"{paths.CACHE / 'venv/bin'}:{os.environ['PATH']}"
    done = process.run(words, timeout_s=60, env={**emulator.environment(), "PATH": path, "HOME": "/nonexistent"})
    assert done.returncode == 0, done.stderr


def test_alarms_need_no_host_and_bear_a_role_made_anew(root: Path, emulator: LocalStack, account: Account) -> None:
    (root / "import.tf").unlink()
    alarms = deployed(root, emulator, host=None, secrets={"recovery_window_days": 0})
    assert "aws_lambda_function" in str(alarms.resources())
    assert "aws_autoscaling_group" not in str(alarms.resources())
    before = role_id(account)

    alarms.apply(replace=[ROLE])

    assert role_id(account) != before
    assert alarms.changes() == []
    # A policy that names a role keeps the id of the deleted one: nobody could use the key any more.
    kms = account.client("kms")
    policies = [
        json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
        for key in kms.list_keys()["Keys"]
        if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    ]
    assert policies
    assert ":role/" not in json.dumps([one["Principal"] for policy in policies for one in policy["Statement"]])


def role_id(account: Account) -> str:
    (role,) = [one for one in account.client("iam").list_roles()["Roles"] if "slack-forwarder" in one["RoleName"]]
    return str(role["RoleId"])


def test_without_both_paths_nothing_is_made_but_rules_and_routes(tmp_path: Path, emulator: LocalStack) -> None:
    nothing = deployed(terraform.copy_repository(tmp_path), emulator, cloudwatch=None, host=None)

    assert nothing.resources() == []
    assert "alertmanager-production.yml" in nothing.output()["routes"]
