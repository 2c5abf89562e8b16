"""Sections of the documentation that a command writes: what stands between two markers."""

from pathlib import Path

from tests.harness.errors import HarnessError


def replace_section(page: Path, begin: str, end: str, text: str) -> None:
    """Put `text` between the markers. HarnessError where they are not there."""
    head, found, rest = page.read_text().partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise HarnessError(f"{page.name} has no section {begin} … {end}")
    page.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}")
