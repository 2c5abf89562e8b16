"""No alert without a test that sees it begin at its moment, and end, and one in which it lets a near miss pass."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.harness import promtool
from tests.rules import test_budget, test_detection
from tests.rules.test_cases import CASES, load

IN_PYTHON = {
    test_detection.ALERT,
    *(alert["alertname"] for alert in (test_budget.SLOW, test_budget.LOW, test_budget.CRITICAL)),
}
ALWAYS = {"Watchdog none"}  # its end is the message
INTERVAL_S = 15


class Told(NamedTuple):
    near_misses: list[str]
    moments: list[tuple[int, set[str]]]  # second => the alerts that fire, as "name severity"

    @property
    def firing(self) -> set[str]:
        return set[str]().union(*(names for _, names in self.moments))


@pytest.fixture(scope="module")
def tests() -> list[Told]:
    return [read(test) for path in CASES for test in load(path)["tests"]]


@pytest.fixture(scope="module")
def alerts(rules: dict[str, promtool.Rules]) -> set[str]:
    return {
        f"{rule['alert']} {rule['labels']['severity']}"
        for content in rules.values()
        for group in content["groups"]
        for rule in group["rules"]
        if "alert" in rule and rule["alert"] not in IN_PYTHON
    }


def read(test: dict[str, Any]) -> Told:
    moments = [
        (seconds(at), {f"{alert['alertname']} {alert['severity']}" for alert in firing})
        for at, firing in test.get("firing", {}).items()
    ]
    return Told(test.get("near_miss", []), sorted(moments, key=lambda moment: moment[0]))


def seconds(text: str) -> int:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))


def begun(test: Told) -> Iterator[str]:
    """Alerts that fire at a moment and did not at the evaluation before it."""
    for (before, quiet), (at, firing) in zip(test.moments, test.moments[1:], strict=False):
        if at - before <= INTERVAL_S:
            yield from firing - quiet


def ended(test: Told) -> Iterator[str]:
    for (_, firing), (_, after) in zip(test.moments, test.moments[1:], strict=False):
        yield from firing - after


def test_every_alert_begins_in_some_test_and_not_an_evaluation_sooner(alerts: set[str], tests: list[Told]) -> None:
    assert sorted(alerts - ALWAYS - {alert for test in tests for alert in begun(test)}) == []
    assert sorted(alerts - {alert for test in tests for alert in test.firing}) == []


def test_every_alert_ends_in_some_test(alerts: set[str], tests: list[Told]) -> None:
    assert sorted(alerts - ALWAYS - {alert for test in tests for alert in ended(test)}) == []


def test_every_alert_lets_a_near_miss_pass(alerts: set[str], tests: list[Told]) -> None:
    """`near_miss` of a test names them; with the severity where an alert has two."""
    let_pass = set()
    for test in tests:
        for name in test.near_misses:
            meant = {alert for alert in alerts if alert == name or alert.split()[0] == name}
            assert meant, f"near_miss names {name}, which is no alert"
            assert not meant & test.firing, f"{name} fires in the test that calls it a near miss"
            let_pass |= meant
    assert sorted(alerts - ALWAYS - let_pass) == []
