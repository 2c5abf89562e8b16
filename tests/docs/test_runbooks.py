"""A runbook for every alert, none for what cannot fire, and each says what the alert is."""

import re
from pathlib import Path

from tests.harness import paths

FOLDER = paths.ROOT / "docs/runbooks"
SAYS = ("Means", "Who notices", "First looks", "Usually mended by", "Ends", "May hide")


def written() -> dict[str, Path]:
    return {page.stem: page for page in FOLDER.glob("*.md") if page.name != "README.md"}


def test_every_alert_has_its_page_and_no_page_is_left_over(expected: dict[str, str]) -> None:
    assert len(expected) > 60
    assert sorted(written()) == sorted(expected)


def test_each_page_says_severity_category_and_when_as_the_alert_has_them(expected: dict[str, str]) -> None:
    said = {name: page.read_text().splitlines()[2] for name, page in written().items()}
    assert said == expected


def test_each_page_answers_what_one_asks_at_night() -> None:
    for name, page in written().items():
        text = page.read_text()
        assert tuple(re.findall(r"^\*\*(.+?)\.\*\* ", text, re.MULTILINE)) == SAYS, name


def test_the_index_names_every_page_once_with_its_title_and_line() -> None:
    index = re.findall(r"^- \[(.+)\]\((\S+)\.md\): (.+)$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    lines = {name: page.read_text().splitlines() for name, page in written().items()}
    assert sorted(index) == sorted((line[0].removeprefix("# "), name, line[2]) for name, line in lines.items())
