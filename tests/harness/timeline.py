"""A flow as it happens: what was done, and what each destination was told, on the terminal and kept for the report."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from tests.harness.standins.recorder import Delivery, Difference, Recorder, Told, told

PLATFORM = "platform"  # the lane of what happens to the platform itself

_STYLES = {"firing": "bold red", "resolved": "bold green"}


class Event(NamedTuple):
    """Something that happened beside the deliveries. `at` is time.time(), `lane` says to what."""

    at: float
    lane: str
    text: str


class FlowResult(NamedTuple):
    """One flow from its first act to its last message. `at`, `started` and `ended` are time.time()."""

    title: str
    started: float
    events: Sequence[Event]
    deliveries: Sequence[Delivery]
    expected: frozenset[Told]
    missing: frozenset[Told]
    unexpected: frozenset[Told]
    ended: float
    facts: Mapping[str, str] = {}  # what was measured: "from the kill to the page" -> "4.1 s"
    problems: Sequence[str] = ()  # what else is wrong: "PagerDuty has 2 incidents, expected 1"

    @property
    def passed(self) -> bool:
        return not self.missing and not self.unexpected and not self.problems

    @property
    def duration(self) -> float:
        return self.ended - self.started

    @property
    def got(self) -> frozenset[Told]:
        return frozenset(self.expected - self.missing | self.unexpected)


class Timeline:
    """Prints and keeps one flow: `with Timeline("Service down", recorder, console) as timeline: …`.

    Every delivery that comes while the block runs is on it; `ignore` names receivers that are not shown.
    """

    def __init__(
        self, title: str, recorder: Recorder, console: Console | None = None, ignore: Sequence[str] = ("heartbeat",)
    ) -> None:
        self.title = title
        self.started = time.time()
        self._recorder = recorder
        self._console = console or Console(highlight=False)
        self._ignore = frozenset(ignore)
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._deliveries: list[Delivery] = []
        self._leave: Callable[[], None] = lambda: None

    def note(self, text: str, lane: str = PLATFORM) -> None:
        """Something happened, now."""
        event = Event(time.time(), lane, text)
        with self._lock:
            self._events.append(event)
            self._print(event.at, Text(lane, "bold cyan"), Text(text))

    def result(
        self, difference: Difference, facts: Mapping[str, str] | None = None, problems: Sequence[str] = ()
    ) -> FlowResult:
        """End the flow with what was expected and what was heard, and print the verdict."""
        with self._lock:
            result = FlowResult(
                self.title,
                self.started,
                tuple(self._events),
                tuple(self._deliveries),
                difference.expected,
                difference.missing,
                difference.unexpected,
                time.time(),
                facts or {},
                problems,
            )
        print_verdict(self._console, result, difference)
        return result

    def __enter__(self) -> Self:
        self.started = time.time()
        self._console.print()
        self._console.print(Rule(Text(self.title, "bold"), align="left", characters="─"))
        self._leave = self._recorder.listen(self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _hear(self, delivery: Delivery) -> None:
        if delivery.receiver in self._ignore:
            return
        with self._lock:
            self._deliveries.append(delivery)
            self._print(delivery.at, Text(delivery.receiver), _message(delivery))

    def _print(self, at: float, lane: Text, text: Text) -> None:
        lane.truncate(34, overflow="ellipsis", pad=True)
        when = Text(f"{at - self.started:+8.1f} s  ", "dim")
        self._console.print(when, lane, " ", text, sep="", soft_wrap=True)


def _message(delivery: Delivery) -> Text:
    names = ", ".join(delivery.names) or "no alert that is known"
    if delivery.problem:
        return Text.assemble(("refused ", "bold yellow"), (names, ""), (f"  {delivery.problem}", "yellow"))
    return Text.assemble((f"{delivery.state.upper():<8} ", _STYLES[delivery.state]), names)


def print_verdict(console: Console, result: FlowResult, difference: Difference) -> None:
    """One line when all is as expected, the two columns when it is not."""
    if result.passed:
        count = f"all {len(result.expected)} expected messages arrived and nothing else"
        console.print(Text(f"✓ {result.title}: {count} ({result.duration:.0f} s)", "bold green"))
    else:
        count = f"{len(result.missing)} missing, {len(result.unexpected)} unexpected"
        console.print(Text(f"✗ {result.title}: {count} ({result.duration:.0f} s)", "bold red"))
        console.print(Text(str(difference)), soft_wrap=True)
    for problem in result.problems:
        console.print(Text(f"  ✗ {problem}", "red"), soft_wrap=True)
    for fact, value in result.facts.items():
        console.print(Text(f"  {fact}: {value}"), soft_wrap=True)


def first_told(deliveries: Sequence[Delivery], fact: Told) -> float | None:
    """When a destination first learned `fact` (time.time()), None if never."""
    return next((one.at for one in deliveries if fact in told([one])), None)
