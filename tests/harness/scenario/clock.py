"""Production's time made shorter: a scenario's clock, what is due when, and a configuration that keeps that time."""

import heapq
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.harness.scenario.file import seconds

DURATIONS = ("group_wait", "group_interval", "repeat_interval", "resolve_timeout")


class Clock:
    """Production seconds of a scenario in real time; remembers how late anything was."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.began = time.time()
        self.late = 0.0

    def sleep_until(self, production_s: float) -> None:
        left = self.began + production_s / self.speed - time.time()
        if left > 0:
            time.sleep(left)

    def done(self, production_s: float) -> None:
        """What was due then has been done by now."""
        self.late = max(self.late, time.time() - self.began - production_s / self.speed)

    def production(self, at: float) -> float:
        """Production seconds of a moment (time.time())."""
        return (at - self.began) * self.speed


class Events:
    """Deeds by the time at which they are due, in the order in which they were added."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], object]]] = []

    def add(self, at: float, deed: Callable[[], object]) -> None:
        heapq.heappush(self._heap, (at, len(self._heap), deed))

    def in_order(self) -> Iterable[tuple[float, Callable[[], object]]]:
        while self._heap:
            at, _, deed = heapq.heappop(self._heap)
            yield at, deed


def every(begin: float, end: float, step: float) -> Iterable[float]:
    while begin < end:
        yield begin
        begin += step


def faster(value: Any, speed: float) -> Any:
    """A configuration whose durations are divided by `speed`, to the millisecond."""
    if isinstance(value, list):
        return [faster(item, speed) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: divided(item, speed) if key in DURATIONS else faster(item, speed) for key, item in value.items()}


def divided(duration: object, speed: float) -> str:
    return f"{round(seconds(duration) / speed * 1000)}ms"
