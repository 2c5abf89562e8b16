"""The rendered rules of the reference platform."""

import pytest

from tests.harness import paths, promtool
from tests.harness.render import Rendered, render


@pytest.fixture(scope="session")
def ananta() -> Rendered:
    return render(paths.ROOT / "examples/ananta")


@pytest.fixture(scope="session")
def rules(ananta: Rendered) -> dict[str, promtool.Rules]:
    return promtool.parse(ananta.files)
