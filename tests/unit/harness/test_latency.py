"""The latency report: its sum, its bounds, and what it calls late."""

from tests.harness.latency import PAIRS, Budget, Measured, broken, explain, summary

PRODUCTION = Budget(scrape_interval=15, scrape_timeout=10, evaluation_interval=15, hold=60, group_wait=30)


def test_the_worst_case_is_the_architectures_sum() -> None:
    assert PRODUCTION.worst("kill") == 125
    assert PRODUCTION.worst("hang") == 135
    assert "worst case when connections are refused      125 s" in explain(PRODUCTION)


def test_a_page_behind_its_bound_is_named() -> None:
    late = Measured(2, "kill", "shop", 125.1)
    measured = [Measured(1, "kill", "shop", 124.9), late, Measured(2, "hang", "till", 134.9)]

    assert broken(measured) == [late]
    assert summary(measured, PRODUCTION)["broken"] == [late._asdict()]


def test_no_service_fails_twice_within_a_measurement() -> None:
    services = [service for pair in PAIRS for service in pair.values()]

    assert len(set(services)) == len(services) == 2 * len(PAIRS)
