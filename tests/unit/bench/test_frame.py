"""The frame of `make bench`: every figure is told, a broken limit fails the command, the page is what was measured."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import report
from tests.bench.part import Outcome, Part, Row
from tests.bench.parts import PARTS
from tests.harness.errors import HarnessError

DOCUMENTATION = report.PAGE
GOOD = Row("slack: a cold start", 0.271, "×", 0.3, "74 ms beside 273 ms")
BROKEN = Row("slack: a warm alert", 2.4, "ms", 2.0)
TOLD = Row("slack: memory", 31.0, "MB")


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with a section for the part `forwarders`; what is written goes here."""
    path = tmp_path / "benchmarks.md"
    begin, end = report.markers("forwarders")
    path.write_text(f"# Title\n\n{begin}\nbefore\n{end}\n\nThe end.\n")
    monkeypatch.setattr(report, "PAGE", path)
    monkeypatch.setattr(report, "RESULT", tmp_path / "bench.json")
    monkeypatch.setattr(bench, "stop_on_sigterm", lambda: None)
    return path


def part(*rows: Row, problem: str = "") -> Part:
    def run() -> Iterator[Row]:
        yield from rows
        if problem:
            raise HarnessError(problem)

    return Part("forwarders", run, lambda: {"boto3": "1.42"})


def test_figures_within_their_limits_pass_and_stand_in_table_page_and_file(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main([], [part(GOOD, TOLD)]) == 0

    table, text = capsys.readouterr().out, page.read_text()
    assert "0.271 ×" in table and "31 MB" in table
    assert "| slack: a cold start | 0.271 × | 0.3 × | ✓ | 74 ms beside 273 ms |" in text
    assert "| slack: memory | 31 MB |  |  |  |" in text
    assert "boto3 1.42" in text and "before" not in text and text.endswith("\n\nThe end.\n")
    written = json.loads((page.parent / "bench.json").read_text())
    assert [(row["part"], row["value"], row["within"]) for row in written["rows"]] == [
        ("forwarders", 0.271, True),
        ("forwarders", 31.0, None),
    ]
    assert written["versions"] == {"forwarders": {"boto3": "1.42"}} and written["machine"]["cpus"] >= 1


@pytest.mark.parametrize("row", [BROKEN, BROKEN._replace(value=math.nan)])
def test_a_broken_limit_is_said_and_fails_the_command(row: Row, page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main([], [part(GOOD, row)]) == 1

    assert "✗ forwarders: slack: a warm alert" in capsys.readouterr().out
    assert "| 2 ms | ✗ |" in page.read_text()


def test_a_part_that_cannot_be_measured_fails_the_command_and_leaves_the_page_alone(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main([], [part(GOOD, problem="no such program")]) == 1

    told = capsys.readouterr().out
    assert "0.271" in told and "✗ forwarders: no such program" in told
    assert "before" in page.read_text()
    assert len(json.loads((page.parent / "bench.json").read_text())["rows"]) == 1


def test_only_what_was_asked_for_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [part(GOOD), part(BROKEN)._replace(name="rules")]

    assert bench.main(["forwarders"], parts) == 0
    assert bench.main(["rule"], parts) == 2
    assert "no such part: rule; use forwarders, rules" in capsys.readouterr().out


@pytest.mark.parametrize("name", [one.name for one in PARTS])
def test_the_page_of_the_documentation_tells_figures_of_the_part_within_their_limits(name: str) -> None:
    begin, end = report.markers(name)
    section = DOCUMENTATION.read_text().partition(begin)[2].partition(end)[0]

    figures = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert figures and "\nMeasured on " in section, f'make bench BENCH="{name}" writes them'
    assert [line for line in figures if "✗" in line] == []


def test_the_page_of_the_documentation_has_a_section_for_every_part(page: Path) -> None:
    page.write_text(DOCUMENTATION.read_text())

    for one in PARTS:
        report.write_page(Outcome(one.name, (GOOD._replace(what=f"of {one.name}"),), {}, 1.0), report.this_machine())

    assert [one.name for one in PARTS if f"| of {one.name} |" not in page.read_text()] == []
