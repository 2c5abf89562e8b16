"""What the tests of the harness share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import paths, process, progress

# As LocalStack sees its plugin.
sys.path.insert(0, str(paths.ROOT / "tests/harness/localstack_plugin"))


@pytest.fixture(autouse=True)
def told() -> Iterator[list[str]]:
    """The lines of progress that a test causes."""
    lines: list[str] = []
    progress.report_to(lines.append)
    yield lines
    progress.report_to(None)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    yield
    process.assert_no_processes_left()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(paths, "CACHE", folder)
    monkeypatch.setattr(paths, "LOGS", folder / "logs")
    monkeypatch.setattr(paths, "RUNS", folder / "runs")
    return folder
