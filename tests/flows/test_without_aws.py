"""The Prometheus path end to end, without AWS: real failures, and exactly who is told."""

from collections.abc import Iterator

import pytest

from tests.harness import paths
from tests.harness.flow_error_budget import PAST, error_budget
from tests.harness.flow_service_down import service_down
from tests.harness.stack import Stack, without_aws
from tests.harness.timeline import Timeline

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with without_aws(paths.new_run("flows"), past=PAST) as stack:
        yield stack


def test_a_dead_service_pages_once_tells_its_team_and_quiets_its_other_alerts(stack: Stack) -> None:
    with Timeline("Service down", stack.world.recorder) as timeline:
        outcome = service_down(stack, timeline)
    assert not outcome.problems, "\n".join(outcome.problems)


def test_a_burning_error_budget_pages_once_with_its_numbers(stack: Stack) -> None:
    with Timeline("Error budget burning fast", stack.world.recorder) as timeline:
        outcome = error_budget(stack, timeline)
    assert not outcome.problems, "\n".join(outcome.problems)
