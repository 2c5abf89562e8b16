"""Folders of runs, errors and progress."""

import os
from pathlib import Path

import pytest

from tests.harness import paths, progress
from tests.harness.errors import HarnessError, tail


def test_old_runs_go_when_their_makers_have_ended(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "KEPT_RUNS", 1)
    ended, alive = paths.new_run("ended"), paths.new_run("alive")
    (ended / "owner.pid").write_text("999999999")
    for age, run in enumerate((alive, ended)):
        os.utime(run, (age, age))

    latest = paths.new_run("latest")
    os.utime(latest, (3, 3))
    paths.new_run("newest")

    assert not ended.exists()
    assert alive.exists() and latest.exists()


def test_an_error_is_one_line_with_its_log() -> None:
    problem = HarnessError("first\n  second", Path("/x/log"))

    assert str(problem) == "first second (log: /x/log)"
    assert str(HarnessError("only")) == "only"


def test_the_tail_of_a_missing_log_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "none") == ""


def test_a_step_tells_its_beginning_and_its_end(told: list[str]) -> None:
    with pytest.raises(ValueError), progress.step("work"):
        raise ValueError

    assert told[0] == "  … work"
    assert told[1].startswith("  ✗ work (")
