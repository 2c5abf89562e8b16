"""Every row of the fault table as a test: `pytest tests/faults`. `make faults` runs them too and writes them down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.faults.bench import Bench
from tests.harness.faults.rows import Row, rows
from tests.harness.faults.run import problems, run_row

ROWS = rows()


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("faults")
    with Bench(folder) as running:
        # The first row fills the secrets, which a chosen one (`-k`) needs as well.
        if not any(ROWS[0].fault in item.name for item in request.session.items):
            running.fill_secrets()
        yield running


# In their order: the secrets are empty at first, and the functions are gone at the end.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("row", ROWS, ids=[row.fault for row in ROWS])
def test_no_alarm_is_lost_when(row: Row, bench: Bench) -> None:
    assert problems(run_row(row, bench)) == []
