"""The reference deployment, applied to the emulator and running, once for all flows."""

from collections.abc import Iterator

import pytest

from tests.harness import paths
from tests.harness.flow_error_budget import PAST
from tests.harness.stack import Stack, with_aws


@pytest.fixture(scope="session")
def deployed() -> Iterator[Stack]:
    with with_aws(paths.new_run("flows"), past=PAST) as stack:
        yield stack
