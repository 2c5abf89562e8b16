"""What was told, to whom, when: one list for every destination, and the comparison with what should have been told."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any, Literal, NamedTuple

State = Literal["firing", "resolved"]


class Delivery(NamedTuple):
    """One request that a destination received. `problem` is empty when the destination took it."""

    at: float  # time.time()
    receiver: str  # "pagerduty" | "pagerduty/team" | "#channel" | "mail@address" | "heartbeat"
    state: State
    names: tuple[str, ...]  # alert or alarm names, in the order in which they stand in the message
    body: dict[str, Any] | str
    problem: str = ""


class Told(NamedTuple):
    """One fact that a destination learned: this alert fires, or has ended."""

    receiver: str
    name: str
    state: State = "firing"

    def __str__(self) -> str:
        return f"{self.receiver}  {self.name}  {self.state}"


class Difference(NamedTuple):
    """What separates the expected from what arrived; false when nothing does."""

    expected: frozenset[Told]
    got: frozenset[Told]
    repeated: tuple[Told, ...] = ()  # heard more than once; no difference by itself

    @property
    def missing(self) -> frozenset[Told]:
        return self.expected - self.got

    @property
    def unexpected(self) -> frozenset[Told]:
        return self.got - self.expected

    def __bool__(self) -> bool:
        return self.expected != self.got

    def __str__(self) -> str:
        """Two columns, expected and got; a line that stands on one side only is marked."""
        rows = [(_cell(told, self.expected), _cell(told, self.got)) for told in sorted(self.expected | self.got)]
        width = max([len("expected"), *(len(left) for left, _ in rows)])
        lines = [
            f"{'  ' if left and right else '! '}{left:<{width}}  {right}".rstrip()
            for left, right in [("expected", "got"), *rows]
        ]
        return "\n".join(lines + [f"  more than once: {told}" for told in self.repeated])


def _cell(told: Told, side: Collection[Told]) -> str:
    return str(told) if told in side else ""


def difference(expected: Iterable[Told], got: Iterable[Told]) -> Difference:
    """Compare two lists of `Told` as sets."""
    heard = Counter(got)
    return Difference(
        frozenset(expected), frozenset(heard), tuple(sorted(told for told, times in heard.items() if times > 1))
    )


def told(deliveries: Iterable[Delivery]) -> list[Told]:
    """What destinations learned from the deliveries that they took."""
    return [Told(d.receiver, name, d.state) for d in deliveries if not d.problem for name in d.names]


class Recorder:
    """A thread-safe list of deliveries that one can wait on."""

    def __init__(self) -> None:
        self._deliveries: list[Delivery] = []
        self._changed = threading.Condition()
        self._listeners: list[Callable[[Delivery], None]] = []

    def add(self, delivery: Delivery) -> None:
        with self._changed:
            self._deliveries.append(delivery)
            listeners = list(self._listeners)
            self._changed.notify_all()
        for listener in listeners:
            listener(delivery)

    def listen(self, listener: Callable[[Delivery], None]) -> Callable[[], None]:
        """Call `listener` with each later delivery, on the thread that received it; returns a function that ends it."""
        with self._changed:
            self._listeners.append(listener)
        return lambda: self._forget(listener)

    def since(self, at: float = 0.0) -> list[Delivery]:
        with self._changed:
            return [delivery for delivery in self._deliveries if delivery.at >= at]

    def wait(self, predicate: Callable[[Delivery], object], timeout: float, since: float = 0.0) -> Delivery | None:
        """The first delivery since then that satisfies `predicate`, or None after `timeout` seconds."""
        found = self.wait_until(lambda deliveries: next(filter(predicate, deliveries), None), timeout, since)
        return found if isinstance(found, Delivery) else None

    def wait_until(self, condition: Callable[[list[Delivery]], object], timeout: float, since: float = 0.0) -> object:
        """The first true value of `condition(deliveries since then)`, or its last value after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            with self._changed:
                value = condition([delivery for delivery in self._deliveries if delivery.at >= since])
                left = deadline - time.monotonic()
                if value or left <= 0:
                    return value
                self._changed.wait(left)

    def wait_quiet(self, quiet: float, timeout: float, ignore: Collection[str] = ("heartbeat",)) -> bool:
        """Wait until nothing has arrived for `quiet` seconds; false if that did not happen within `timeout` seconds.

        Receivers in `ignore` do not count.
        """
        begin = time.time()
        deadline = begin + timeout
        while True:
            with self._changed:
                last = max([begin, *(d.at for d in self._deliveries if d.receiver not in ignore)])
                now = time.time()
                if now - last >= quiet:
                    return True
                if now >= deadline:
                    return False
                self._changed.wait(min(quiet - (now - last), deadline - now))

    def expect(
        self,
        expected: Iterable[Told],
        timeout: float,
        quiet: float = 0.0,
        since: float = 0.0,
        ignore: Collection[str] = ("heartbeat",),
    ) -> Difference:
        """Wait for all of `expected`, then for `quiet` seconds of silence, and compare with all that was told since.

        A destination in `ignore` takes no part. The answer is false when the two sets are equal.
        """
        wanted = frozenset(expected)
        self.wait_until(lambda deliveries: wanted <= frozenset(told(deliveries)), timeout, since)
        if quiet:
            self.wait_quiet(quiet, timeout=quiet * 10, ignore=ignore)
        return difference(wanted, [fact for fact in told(self.since(since)) if fact.receiver not in ignore])

    def _forget(self, listener: Callable[[Delivery], None]) -> None:
        with self._changed:
            self._listeners.remove(listener)


class Names:
    """Finds known alert names in a text: whole words, so that `db-cpu-high` is not found in `my-db-cpu-high`."""

    def __init__(self, known: Iterable[str]) -> None:
        longest_first = sorted(set(known), key=lambda name: (-len(name), name))
        alternatives = "|".join(re.escape(name) for name in longest_first)
        self._pattern = re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])") if longest_first else None

    def find(self, *texts: str) -> tuple[str, ...]:
        """Each known name once, in order of its appearance, out of the first of `texts` that holds any.

        Headings come first: the text below one may name other alerts ("or RedisDown would fire").
        """
        every = (tuple(dict.fromkeys(self._pattern.findall(text))) for text in texts if self._pattern)
        return next(filter(None, every), ())


_STATES = re.compile(
    r"(?P<firing>\bFIRING\b|(?:→|->|⇒)\W{0,4}(?:in )?(?:ALARM|INSUFFICIENT_DATA)\b)"
    r"|(?P<resolved>\bRESOLVED\b|(?:→|->|⇒)\W{0,4}OK\b|\bhas data now\b)",  # the last: INSUFFICIENT_DATA → OK
    re.IGNORECASE,
)


def state_of(*texts: str) -> State:
    """What a message says first: FIRING or RESOLVED (Alertmanager), or the new state behind an arrow (CloudWatch).

    Headings come first, as in `Names.find`; a message without any state fires.
    """
    match = next(filter(None, map(_STATES.search, texts)), None)
    return "resolved" if match and match.group("resolved") else "firing"


def texts(value: Any) -> list[str]:
    """Every string inside a JSON value, in reading order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return []
