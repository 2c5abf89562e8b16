"""What a flow is: who should be told of a failure, exactly, and the comparison with who was.

A flow's expectation is a file in tests/flows/ that an on-call engineer can read. The flows themselves, each in a module
flow_*.py of its own, make the failure, wait until all who should know have been told, and compare.
"""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.harness import paths
from tests.harness.standins.recorder import Delivery, Difference, State, Told, difference, told

FOLDER = paths.ROOT / "tests/flows"


class Expectation(NamedTuple):
    """`told` maps an alert to everybody who hears it; `quieted` must fire in Prometheus and reach nobody."""

    key: str
    title: str
    about: str
    told: dict[str, tuple[str, ...]]
    quieted: tuple[str, ...]
    incidents: int

    def facts(self, *states: State) -> set[Told]:
        """What the destinations should have heard, each alert in each of the states."""
        return {
            Told(receiver, alert, state)
            for alert, receivers in self.told.items()
            for receiver in receivers
            for state in states
        }


class Outcome(NamedTuple):
    """What came of a flow. `problems` is empty when everything expected arrived, once, and nothing else did.

    `facts` are what was measured, for people: "from the kill to the page" → "4.1 s".
    """

    expectation: Expectation
    difference: Difference
    problems: list[str]
    facts: dict[str, str]


def expectation(key: str, folder: Path = FOLDER) -> Expectation:
    """Read tests/flows/<key>.yml."""
    data: dict[str, Any] = yaml.safe_load((folder / f"{key}.yml").read_text())
    heard = {alert: tuple(_receiver(name) for name in names) for alert, names in data["told"].items()}
    return Expectation(key, data["title"], data["about"], heard, tuple(data["quieted"]), data["incidents"])


def _receiver(name: str) -> str:
    return f"mail@{name}" if "@" in name else name


def compare(
    expected: Expectation, deliveries: list[Delivery], states: tuple[State, ...], incidents: int
) -> tuple[Difference, list[str]]:
    """The exact comparison: who heard what, how often, what was refused, how many incidents there are."""
    heard = [fact for fact in told(deliveries) if fact.receiver != "heartbeat"]
    found = difference(expected.facts(*states), heard)
    problems = [str(found)] if found else []
    problems += [f"told {times} times: {fact}" for fact, times in Counter(heard).items() if times > 1]
    problems += [f"{d.receiver} refused a message: {d.problem}" for d in deliveries if d.problem]
    problems += [f"{d.receiver} got a message that names no alert" for d in deliveries if not d.names and not d.problem]
    if incidents != expected.incidents:
        problems.append(f"PagerDuty has {incidents} incidents of this flow, expected {expected.incidents}")
    return found, problems


def wait_for(check: Callable[[], bool], timeout_s: float, every_s: float = 0.2) -> bool:
    """Poll until `check` holds or `timeout_s` seconds have passed; the last answer."""
    deadline = time.monotonic() + timeout_s
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True
