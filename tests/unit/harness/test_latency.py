"""The latency report: its sum, its percentiles, and what it calls late."""

from tests.harness.latency import Budget
from tests.harness.latency.budget import explain
from tests.harness.latency.measure import PLANES, Measured, Setting, platform
from tests.harness.latency.report import histogram, late, markdown, percentile, summary

PRODUCTION = Budget(scrape_interval=15, scrape_timeout=10, evaluation_interval=15, hold=60, group_wait=30)
FAST = Budget(scrape_interval=5, scrape_timeout=3, evaluation_interval=5, hold=15, group_wait=5)
KILLED, HUNG = Measured("kill", "kill-01", 101.0), Measured("hang", "hang-01", 134.9)


def test_the_worst_case_is_the_architectures_sum() -> None:
    assert PRODUCTION.worst("kill") == 125
    assert PRODUCTION.worst("hang") == 135
    assert "worst case when connections are refused      125 s" in explain(PRODUCTION)


def test_a_page_behind_its_worst_case_is_named() -> None:
    behind = Measured("kill", "kill-02", 125.1)
    setting = Setting("standard", PRODUCTION, (KILLED, behind, HUNG))

    assert late([setting]) == ["standard: kill-02 paged after 125.1 s, worst by configuration 125 s"]
    assert summary([setting])["standard"]["worst"] == {"kill": 125, "hang": 135}


def test_fast_pages_are_held_to_their_promise() -> None:
    slow = FAST._replace(hold=30)
    pages = (KILLED._replace(seconds=31.0), HUNG._replace(seconds=45.1))

    assert late([Setting("fast", slow, pages)]) == ["fast: 99 % within 45.1 s, promised 45 s"]
    assert late([Setting("standard", slow, pages)]) == []


def test_the_percentile_is_a_value_that_was_measured() -> None:
    twenty = [float(number) for number in range(1, 21)]
    assert [percentile(twenty, share) for share in (0.5, 0.9, 0.99)] == [10, 18, 20]


def test_the_report_has_a_row_for_each_kind_and_a_bar_for_each_five_seconds() -> None:
    setting = Setting("standard", PRODUCTION, (KILLED, HUNG))
    text = markdown([setting])
    assert "| standard | connections are refused | 1 | 101.0 s |" in text
    assert "| standard | it hangs | 1 | 134.9 s |" in text
    bars = histogram(setting).splitlines()
    assert (bars[0], bars[1], bars[-1], len(bars)) == (" 100–105  s #", " 105–110  s ", " 130–135  s o", 7)


def test_no_three_services_of_a_plane_fail() -> None:
    planes = [service["plane"] for service in platform()["services"].values()]
    assert len(planes) == 2 * PLANES
    assert {planes.count(plane) for plane in planes} == {2}
