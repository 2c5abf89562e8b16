"""The comparison of what everybody heard with what the scenario says."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.harness.scenario.clock import Clock
from tests.harness.scenario.file import SPEED, Alert, Scenario, receiver_of
from tests.harness.scenario.listener import Heard, Listener
from tests.harness.standins.recorder import Delivery, State, texts
from tests.harness.world import World

GROUP_WAIT_S = 30.0
# Real seconds by which a delivery may come later or earlier than the file says.
LATE_S = 1.0
EARLY_S = 0.4


class Run(NamedTuple):
    """What came of a scenario: deliveries and incidents, and the clock that they are judged by."""

    scenario: Scenario
    suite: str
    clock: Clock
    deliveries: list[Delivery]
    incidents: int
    still_open: int
    problems: list[str]
    only_untimely: bool  # all problems are about times
    processing_s: list[float]


class Row(NamedTuple):
    """A line of the comparison: who heard of what how often."""

    receiver: str
    key: str
    state: State
    times: str

    def __str__(self) -> str:
        return f"{self.receiver}  {self.key}  {self.state}{f'  ×{self.times}' if self.times != '1' else ''}"


def judge(scenario: Scenario, world: World, clock: Clock, suite: str) -> Run:
    """Compare what everybody heard with what the file says."""
    deliveries = world.recorder.since()
    heard = Listener(scenario.alerts, scenario.by_name).listen(deliveries)
    incidents = world.pagerduty.incidents()
    still_open = len(world.pagerduty.open_incidents())
    late = _untimely(scenario, heard, clock)
    problems = [
        *differences(scenario, heard),
        *late,
        *_refused(scenario, deliveries),
        *_unreadable(deliveries),
        *_unsaid(scenario, deliveries),
        *_too_many(scenario, deliveries),
        *_gaps(scenario, deliveries, clock),
    ]
    if scenario.incidents is not None and len(incidents) != scenario.incidents:
        names = "; ".join(", ".join(one.names) for one in incidents)
        problems.append(f"expected {scenario.incidents} incidents, got {len(incidents)}: {names}")
    if still_open != scenario.still_open:
        problems.append(f"expected {scenario.still_open} incidents to stay open, got {still_open}")
    times = _processing(scenario, heard, clock)
    return Run(scenario, suite, clock, deliveries, len(incidents), still_open, problems, problems == late, times)


def differences(scenario: Scenario, heard: Sequence[Heard]) -> list[str]:
    """Two columns, expected and got, if they differ."""
    expected: dict[tuple[str, str, State], range] = {}
    for e in scenario.expected:
        expected[(e.receiver, e.key, "firing")] = e.fires
        expected[(e.receiver, e.key, "resolved")] = e.ends
    messages: dict[tuple[str, str, State], set[float]] = defaultdict(set)
    for fact in heard:
        for key in _keys(scenario, scenario.alerts[fact.alert], fact.receiver):
            messages[(fact.receiver, key, fact.state)].add(fact.at)
    rows = [
        (row, expected.get(row, range(1)), len(messages[row]) if row in messages else 0)
        for row in sorted(expected.keys() | messages.keys())
        if (row[1], row[0]) not in scenario.allowed or row in expected
    ]
    if all(times in wanted for _, wanted, times in rows):
        return []
    cells = [(_cell(row, wanted), _cell(row, range(times, times + 1)), times in wanted) for row, wanted, times in rows]
    width = max([len("expected"), *(len(left) for left, _, _ in cells)])
    lines = [f"{'  ' if good else '! '}{left:<{width}}  {right}".rstrip() for left, right, good in cells]
    return ["\n".join([f"  {'expected':<{width}}  got", *lines])]


def _cell(row: tuple[str, str, State], times: range) -> str:
    least, most = times[0], times[-1]
    if most == 0:
        return ""
    return str(Row(*row, str(least) if least == most else f"{least}-{most}"))


def _keys(scenario: Scenario, alert: Alert, receiver: str) -> list[str]:
    """The keys of `told` under which an alert is counted for a receiver; without any, its own name."""
    told = [(e.key, e.receiver) for e in scenario.expected]
    named = {key for key, to in [*told, *scenario.allowed] if to == receiver}
    keys = [key for key in named if alert.matches(key)]
    return keys or [" ".join([alert.name, *filter(None, [alert.labels.get("service")])])]


def _untimely(scenario: Scenario, heard: Sequence[Heard], clock: Clock) -> list[str]:
    found = []
    for e in scenario.expected:
        numbers = {n for n, alert in enumerate(scenario.alerts) if alert.matches(e.key)}
        spells = [spell for n in numbers for spell in scenario.alerts[n].spells]
        began, ended = min(b for b, _ in spells), max(end for _, end in spells)
        for state, since, least, most in (
            ("firing", began, e.after, e.within),
            ("resolved", ended, None, e.ended_within),
        ):
            times = [h.at for h in heard if h.receiver == e.receiver and h.alert in numbers and h.state == state]
            if not times:
                continue
            took = clock.production(min(times) if state == "firing" else max(times)) - since
            if least is not None and took < least - EARLY_S * clock.speed:
                found.append(f"{e.receiver} was told of {e.key} ({state}) after {took:.0f} s, not before {least:.0f} s")
            if most is not None and took > most + LATE_S * clock.speed:
                found.append(f"{e.receiver} was told of {e.key} ({state}) after {took:.0f} s, within {most:.0f} s")
    return found


def _refused(scenario: Scenario, deliveries: Iterable[Delivery]) -> list[str]:
    """Refusals that no fault asked for."""
    faulty = {receiver_of(str(f.what.get("from"))) for f in scenario.faults if "answers" in f.what}
    return [
        f"{d.receiver} refused a message: {d.problem}"
        for d in deliveries
        if d.problem and d.receiver not in faulty and not any(_of(d.receiver, fault) for fault in faulty)
    ]


def _of(receiver: str, group: str) -> bool:
    return (receiver.startswith("#") and group == "slack") or (receiver.startswith("mail@") and group == "mail")


def _unreadable(deliveries: Iterable[Delivery]) -> list[str]:
    bad = ("<no value>", "<nil>", "%!", "map[")
    return [
        f"{d.receiver} was sent {word!r}"
        for d in deliveries
        for word in bad
        if word in "\n".join(texts(d.body) if isinstance(d.body, dict) else [d.body])
    ]


def _unsaid(scenario: Scenario, deliveries: Sequence[Delivery]) -> list[str]:
    found = []
    for receiver, words in scenario.says.items():
        said = "\n".join("\n".join(texts(d.body)) for d in deliveries if d.receiver == receiver)
        found += [f"{receiver} was never told {word!r}" for word in words if word not in said]
    for receiver, words in scenario.never_says.items():
        shown = "\n".join(_markup(d) for d in deliveries if d.receiver == receiver)
        found += [f"{receiver} was sent {word!r}" for word in words if word in shown]
    return found


def _markup(delivery: Delivery) -> str:
    """What the receiver's program reads for markup: of a mail its HTML part and the names of its headers."""
    body = delivery.body
    if isinstance(body, dict) and "html" in body:
        return "\n".join([*(f"{name}:" for name in body["headers"]), body["html"].replace("Bcc:", "")])
    return "\n".join(texts(body))


def _too_many(scenario: Scenario, deliveries: Iterable[Delivery]) -> list[str]:
    if scenario.most_messages is None:
        return []
    counts: dict[tuple[str, State], int] = defaultdict(int)
    for d in deliveries:
        if d.receiver.startswith("#"):
            counts[(d.receiver, d.state)] += 1
    return [
        f"{receiver} got {times} messages ({state}), at most {scenario.most_messages}"
        for (receiver, state), times in counts.items()
        if times > scenario.most_messages
    ]


def _gaps(scenario: Scenario, deliveries: Iterable[Delivery], clock: Clock) -> list[str]:
    if scenario.longest_gap is None:
        return []
    beats = [0.0, *(clock.production(d.at) for d in deliveries if d.receiver == "heartbeat")]
    longest = max(b - a for a, b in itertools.pairwise([*beats, max(e for a in scenario.alerts for _, e in a.spells)]))
    if longest <= scenario.longest_gap:
        return []
    return [f"a heartbeat gap of {longest:.0f} s, at most {scenario.longest_gap:.0f} s"]


def _processing(scenario: Scenario, heard: Iterable[Heard], clock: Clock) -> list[float]:
    """Real seconds beyond group_wait of the first message to each receiver, where the file says `within: 30s`."""
    if scenario.faults or scenario.speed != SPEED:
        return []
    first: dict[tuple[str, int], float] = {}
    for fact in heard:
        if fact.state == "firing" and fact.receiver != "heartbeat":
            first.setdefault((fact.receiver, fact.alert), fact.at)
    timely = [e for e in scenario.expected if e.within == GROUP_WAIT_S]
    return [
        (clock.production(at) - scenario.alerts[n].spells[0][0] - GROUP_WAIT_S) / clock.speed
        for (receiver, n), at in first.items()
        if any(e.receiver == receiver and scenario.alerts[n].matches(e.key) for e in timely)
    ]
