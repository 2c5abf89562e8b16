"""The reference catalogue as a value, and what is said of a changed one."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import paths
from tests.harness.catalogue import read_catalogue
from tests.harness.render import RenderError, render

ANANTA = paths.ROOT / "examples/ananta"

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[[Change], str]:
    """Changes a copy of the reference catalogue and renders it: the text of the refusal."""

    def told(change: Change) -> str:
        platform = copy.deepcopy(read_catalogue(ANANTA / "platform.yaml"))
        change(platform)
        path = tmp_path / "platform.yaml"
        path.write_text(yaml.safe_dump(platform))
        with pytest.raises(RenderError) as refusal:
            render(ANANTA, catalogue=path)
        return refusal.value.message

    return told
