"""The reference page says what the schema says."""

from tests.harness.reference import PAGE, page


def test_the_reference_page_is_what_the_schema_generates() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.harness.reference"


def test_every_key_says_what_it_is() -> None:
    rows = [row for row in page().splitlines() if row.startswith("| `")]

    assert len(rows) > 80
    assert [row for row in rows if row.rstrip(" |").endswith("|")] == []
