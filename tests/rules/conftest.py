"""The rendered rules of the reference platform."""

import pytest

from tests.harness import paths
from tests.harness.render import Rendered, render
from tests.rules import promtool


@pytest.fixture(scope="session")
def ananta() -> Rendered:
    return render(paths.ROOT / "examples/ananta")


@pytest.fixture(scope="session")
def rules(ananta: Rendered) -> dict[str, promtool.Rules]:
    return promtool.parse(ananta.files)
