"""What the README shows is done, and what it claims to have run is what runs."""

import os
import re
import shlex

import pytest

from tests.docs import exceptions
from tests.docs.conftest import commands
from tests.harness import debian, paths, process, terraform
from tests.plan.conftest import Plan

README = (paths.ROOT / "README.md").read_text()


def test_the_block_of_another_repository_plans(readme_plan: Plan) -> None:
    alarms = {values["alarm_name"] for values in readme_plan.of_type("aws_cloudwatch_metric_alarm").values()}
    assert {"shop-db-cpu-high", "web-memory-high", "shop-heartbeat-missing"} <= alarms
    assert set(readme_plan.outputs["secrets_to_fill"]) == {
        "pagerduty_key",
        "slack_critical_webhook",
        "slack_data_webhook",
        "smtp_password",
    }


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("make ")])
def test_a_make_command_that_is_shown_can_be_run(command: str) -> None:
    done = process.run(shlex.split(command), timeout_s=120, cwd=paths.ROOT, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_make_target_that_is_named_exists() -> None:
    pages = [paths.ROOT / "README.md", *(paths.ROOT / "docs").rglob("*.md"), paths.ROOT / "tests/harness/README.md"]
    named = {target for page in pages for target in re.findall(r"`make ([a-z]+)", page.read_text())}
    makefile = (paths.ROOT / "Makefile").read_text()
    assert {"demo", "test", "render", "latency", "lint"} <= named
    assert named <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_the_exceptions_are_those_in_the_code() -> None:
    written = README.split("<!-- exceptions -->\n")[1].split("<!-- /exceptions -->")[0].strip()
    assert written == exceptions.table(), "python -m tests.docs.exceptions prints the table as it should be"
    assert [one for one in exceptions.in_code() if not one.reason] == []


def test_the_versions_are_those_that_run() -> None:
    (rows,) = re.findall(r"\| \| runs here \|.*?\n\n", README, re.DOTALL)
    pinned = {(suite, package.name): package.version for suite in debian.SUITES for package in debian.SUITES[suite]}
    used = ("prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter")
    for (_, name), version in pinned.items():
        if name in used:
            assert re.split(r"[+-]", version)[0] in rows
    assert terraform.PROVIDER_VERSION in rows
    emulator = (paths.ROOT / "requirements/localstack.in").read_text()
    assert f"=={re.findall(r'LocalStack ([0-9.]+)', rows)[0]}" in emulator
    images = dict(
        re.findall(r"(prometheus|alertmanager|grafana|blackbox) += optional\(string, \"(\S+)\"\)",
                   (paths.ROOT / "variables.tf").read_text())
    )  # fmt: skip
    assert len(images) == 4
    for image in images.values():
        assert f"image {image}" in rows


def test_every_variable_and_every_room_is_named() -> None:
    variables = re.findall(r'^variable "(\w+)"', (paths.ROOT / "variables.tf").read_text(), re.MULTILINE)
    assert [name for name in variables if f"`{name}`" not in README] == []
    assert [room.name for room in (paths.ROOT / "modules").iterdir() if f"(modules/{room.name})" not in README] == []
