"""An emulator that does not know a call: what the harness says of it names the call and the resource that needed it.

That an apply is ended in its time, with the same words and no process left, is held without an emulator in
tests/unit/harness/test_terraform.py.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from tests.apply.conftest import applied
from tests.harness import process
from tests.harness.errors import HarnessError
from tests.harness.localstack import LocalStack
from tests.harness.terraform_said import waits_for

ROOT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}
"""


@pytest.fixture
def breaking(emulator: LocalStack) -> Iterator[LocalStack]:
    yield emulator
    emulator.break_calls()


def test_a_call_that_hangs_is_named(breaking: LocalStack) -> None:
    breaking.break_calls(sqs_ListQueues="hang")

    def ask() -> None:
        with pytest.raises(BotoCoreError):
            breaking.client("sqs", read_timeout=1, retries={"max_attempts": 0}).list_queues()

    asking = threading.Thread(target=ask)
    asking.start()
    process.wait_until(lambda: "sqs.ListQueues" in waits_for("", breaking.url), "the call is named", 20)
    asking.join(20)


def test_a_call_that_is_not_implemented_ends_the_apply_with_its_name_and_its_resource(
    breaking: LocalStack, tmp_path: Path
) -> None:
    breaking.break_calls(sns_CreateTopic="refuse")
    (tmp_path / "main.tf").write_text(ROOT)

    with pytest.raises(HarnessError) as failed:
        applied(tmp_path, breaking, region=breaking.region)

    for words in ("CreateTopic", "NotImplemented", "with aws_sns_topic.alerts"):
        assert words in failed.value.message
