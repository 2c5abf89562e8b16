"""The reference platform's release, to be broken in one place at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness import paths
from tests.harness.render import Rendered, render
from tests.rendered.conftest import Release, on_disk

Break = Callable[[str, str, str], Release]


@pytest.fixture(scope="session")
def ananta() -> Rendered:
    return render(paths.ROOT / "examples/ananta")


@pytest.fixture
def broken(ananta: Rendered, tmp_path: Path) -> Break:
    """A release with one text of one file replaced, once; the file must hold it."""

    def break_it(file: str, old: str, new: str) -> Release:
        assert old in ananta.files[file], f"{file} no longer holds {old}: break it elsewhere"
        files = {**ananta.files, file: ananta.files[file].replace(old, new, 1)}
        return on_disk(ananta._replace(files=files), tmp_path)

    return break_it
