"""The detection table: what its cases show, which past the rules need, and what breaks the contract."""

import pytest

from tests.harness.detection.cases import CASES, Case
from tests.harness.detection.live import Requests
from tests.harness.detection.records import levels
from tests.harness.detection.report import Row, markdown
from tests.harness.traffic import Phase, counted

OUTAGE = Case("outage", "fires", (Phase(2, 1),), bound=1.0)


def test_counters_of_a_moment_are_those_of_the_scrapes() -> None:
    phases = (Phase(1), Phase(1, 0.25), Phase(1))
    assert [counted(phases, bad=True, at_s=second) for second in (0, 60, 75, 120, 600)] == [0, 0, 250, 1000, 1000]
    assert counted(phases, bad=False, at_s=120) == 4000 + 3000


def test_a_target_that_starts_anew_exports_nothing_but_its_errors() -> None:
    requests = Requests(OUTAGE._replace(restarts=True), 100_000.0)
    assert [status for status, _ in requests.shown(99_999.0)] == ["200"]
    assert [status for status, _ in requests.shown(100_010.0)] == ["500"]


def test_the_past_holds_what_rules_look_back_at_and_what_that_is_made_of() -> None:
    rules = [
        {"record": "a:events", "expr": "sum(http_requests_total)"},
        {"record": "a:sum_1h", "expr": "sum_over_time(a:events[1h])"},
        {"record": "a:burning", "expr": "a:sum_1h > bool 1"},
        {"record": "a:unused", "expr": "a:sum_1h * 2"},
        {"alert": "A", "expr": "a:burning offset 15m == 1"},
    ]
    names = [[rule["record"] for group in level for rule in group["rules"]] for level in levels([{"rules": rules}])]
    assert names == [["a:events"], ["a:sum_1h"], ["a:burning"]]


@pytest.mark.parametrize(
    ("row", "problems"),
    [
        (Row(OUTAGE, 1.0, 17.5, 1.25), []),
        (Row(OUTAGE, 1.25, None), ["outage: 1.25 min by promtool, bound 1.00 min"]),
        (Row(OUTAGE, 1.0, None, 1.26), ["outage: 1.26 min on a real Prometheus, bound 1.00 min and 0.25 min"]),
        (Row(OUTAGE, None, None), ["outage: ErrorBudgetBurningFast never answers"]),
        (Row(OUTAGE._replace(kind="quiet"), 3.0, None), ["outage: pages after 3.00 min"]),
    ],
)
def test_what_breaks_the_contract_is_named(row: Row, problems: list[str]) -> None:
    assert row.problems() == problems


def test_the_table_says_never_where_nothing_comes() -> None:
    assert "| outage | 1.00 min | ≤ 1.00 min |  | never |" in markdown([Row(OUTAGE, 1.0, None)])
    assert len({case.name for case in CASES}) == len(CASES)
