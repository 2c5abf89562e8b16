"""Scenarios on the real Alertmanager: alerts and faults in, exact deliveries out, with production's times made shorter.

A scenario is a file of tests/routing/scenarios that an on-call engineer can read; that folder's README explains its
words. The rendered configuration runs unchanged but for the stand-ins' addresses and its durations, which are divided
by the scenario's speed, as are all times of the file. Alerts are posted as Prometheus does it: again every minute while
they fire, and for a quarter of an hour after their end.
"""

import heapq
import itertools
import re
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.harness import debian, paths, process
from tests.harness.alertmanager import Alertmanager, timestamp
from tests.harness.compose import Compose
from tests.harness.errors import HarnessError
from tests.harness.host import lay_out
from tests.harness.namespace import Namespace
from tests.harness.process import Supervisor
from tests.harness.render import Rendered, render
from tests.harness.stack import ANANTA, alert_names
from tests.harness.standins.https import Standin
from tests.harness.standins.recorder import Delivery, State, texts
from tests.harness.world import World

FOLDER = paths.ROOT / "tests/routing/scenarios"
CONFIG = "alertmanager/alertmanager-production.yml"
COMPOSE = "compose.yml"
DURATIONS = ("group_wait", "group_interval", "repeat_interval", "resolve_timeout")

SPEED = 30.0
# What Prometheus does, in production seconds.
RESEND_S = 60.0
VALID_S = 240.0
GROUP_WAIT_S = 30.0
ENDED_FOR_S = 900.0
# Real seconds: posting more often, or for a shorter time, would measure this machine.
SHORTEST_RESEND_S = 0.5
SHORTEST_VALID_S = 4.0
# How much later than told a delivery may come, and how late the scenario's own clock may be before it does not count.
LATE_S = 1.0
EARLY_S = 0.4
CLOCK_S = 0.3
START_TIMEOUT_S = 40.0
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

Labels = Mapping[str, str]


def seconds(duration: object) -> float:
    """1h30m => 5400. HarnessError for anything else than a duration."""
    parts = re.findall(r"(\d+)(ms|s|m|h|d)", str(duration))
    if not parts or "".join(number + unit for number, unit in parts) != str(duration):
        raise HarnessError(f"{duration} is no duration such as 30s, 5m or 1h30m")
    return sum(int(number) * UNITS[unit] for number, unit in parts)


# ---------------------------------------------------------------- the file


class Alert(NamedTuple):
    """An alert and when it fires, in production seconds. The same labels may fire several times."""

    labels: dict[str, str]
    annotations: dict[str, str]
    spells: tuple[tuple[float, float], ...]

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "alert without a name")

    def matches(self, key: str) -> bool:
        """Whether a key of `told` means it: its name, then any of its other labels' values."""
        words = key.split()
        return words[0] == self.name and set(words[1:]) <= set(self.labels.values())


class Fault(NamedTuple):
    """Something that is done at a time, and undone at another one (production seconds)."""

    at: float
    until: float | None
    what: dict[str, Any]


class Expected(NamedTuple):
    """How many messages a receiver gets in which an alert fires and has ended, and how long after it did (seconds)."""

    key: str
    receiver: str
    fires: range
    ends: range
    after: float | None
    within: float | None
    ended_within: float | None


class Scenario(NamedTuple):
    """One file. `limit` says what to do about something that Alertmanager cannot do; empty for all others."""

    key: str
    title: str
    alerts: tuple[Alert, ...]
    faults: tuple[Fault, ...]
    expected: tuple[Expected, ...]
    allowed: frozenset[tuple[str, str]]  # (key, receiver): may be told, need not
    incidents: int | None
    still_open: int
    most_messages: int | None
    longest_gap: float | None
    says: dict[str, list[str]]
    never_says: dict[str, list[str]]
    by_name: bool  # alerts are recognised by their names alone, and not by what a message says of their service
    lasts: float
    speed: float
    suites: tuple[str, ...]
    limit: str


KEYS = {
    "title", "about", "alerts", "faults", "told", "not_told", "may_be_told", "incidents", "still_open", "lasts",
    "speed", "suites", "limit", "messages_at_most", "heartbeat_gap_at_most", "says", "never_says", "recognised_by",
}  # fmt: skip
DEEDS = {"kill", "stop", "start", "restart", "reload", "down", "answers", "silence"}


def read(path: Path) -> Scenario:
    """Read a file; HarnessError names what it cannot mean."""
    data: dict[str, Any] = yaml.safe_load(path.read_text())
    if unknown := data.keys() - KEYS:
        raise HarnessError(f"{path.name} has the unknown key {', '.join(sorted(unknown))}")
    alerts = _alerts(data["alerts"])
    faults = tuple(_fault(path, item) for item in data.get("faults", []))
    expected = tuple(itertools.chain.from_iterable(_expected(k, v) for k, v in (data.get("told") or {}).items()))
    allowed = frozenset((k, _receiver(to)) for k, tos in data.get("may_be_told", {}).items() for to in tos)
    keys = {e.key for e in expected} | {key for key, _ in allowed}
    for key in [*keys, *data.get("not_told", [])]:
        if not any(alert.matches(key) for alert in alerts):
            raise HarnessError(f"{path.name}: no alert of the scenario is {key}")
    for key in data.get("not_told", []):
        if key in keys:
            raise HarnessError(f"{path.name}: {key} is both told and not told")
    last = max([end for a in alerts for _, end in a.spells] + [f.until or f.at for f in faults])
    return Scenario(
        key=path.stem,
        title=data["title"],
        alerts=alerts,
        faults=faults,
        expected=expected,
        allowed=allowed,
        incidents=data.get("incidents"),
        still_open=data.get("still_open", 0),
        most_messages=data.get("messages_at_most"),
        longest_gap=seconds(data["heartbeat_gap_at_most"]) if "heartbeat_gap_at_most" in data else None,
        says={_receiver(to): words for to, words in data.get("says", {}).items()},
        never_says={_receiver(to): words for to, words in data.get("never_says", {}).items()},
        by_name=data.get("recognised_by") == "name",
        lasts=seconds(data["lasts"]) if "lasts" in data else last + seconds("7m"),
        speed=float(data.get("speed", SPEED)),
        suites=tuple(data.get("suites", ["bookworm"])),
        limit=data.get("limit", ""),
    )


def scenarios() -> list[Scenario]:
    """All files, by name."""
    return [read(path) for path in sorted(FOLDER.glob("*.yml"))]


def _alerts(items: Iterable[Mapping[str, Any]]) -> tuple[Alert, ...]:
    found: dict[frozenset[tuple[str, str]], Alert] = {}
    for item in items:
        spell = (seconds(item["at"]), seconds(item["until"]))
        for number in range(int(item.get("times", 1))):
            labels = {k: str(v).replace("{n}", str(number)) for k, v in item["labels"].items()}
            key = frozenset(labels.items())
            before = found[key].spells if key in found else ()
            annotations = item.get("annotations", _annotations(labels))
            found[key] = Alert(labels, annotations, (*before, spell))
    return tuple(found.values())


def _annotations(labels: Labels) -> dict[str, str]:
    name = labels.get("alertname", "")
    return {
        "summary": f"{name} of {labels.get('service', 'the platform')}",
        "description": "The value is 42",
        "runbook_url": f"https://docs.ananta.io/runbooks/{name.lower()}",
    }


def _fault(path: Path, item: Mapping[str, Any]) -> Fault:
    what = {key: value for key, value in item.items() if key not in ("at", "until")}
    if not what.keys() & DEEDS:
        raise HarnessError(f"{path.name}: a fault is one of {', '.join(sorted(DEEDS))}, not {', '.join(what)}")
    return Fault(seconds(item["at"]), seconds(item["until"]) if "until" in item else None, what)


def _expected(key: str, value: Any) -> Iterable[Expected]:
    for part in [{"to": value}] if all(isinstance(item, str) for item in value) else value:
        for to in part["to"]:
            within, after, ended = (part.get(name) for name in ("within", "after", "ended_within"))
            yield Expected(
                key,
                _receiver(to),
                _times(part.get("fires", 1)),
                _times(part.get("ends", 1)),
                seconds(after) if after else None,
                seconds(within) if within else None,
                seconds(ended) if ended else None,
            )


def _times(value: object) -> range:
    """2 => just twice; 1-2 => once or twice."""
    least, _, most = str(value).partition("-")
    return range(int(least), int(most or least) + 1)


def _receiver(name: str) -> str:
    return f"mail@{name}" if "@" in name else name


# ---------------------------------------------------------------- running it


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


class Player:
    """Plays one scenario on an Alertmanager of its own, below `run_dir`."""

    def __init__(self, scenario: Scenario, rendered: Rendered, run_dir: Path, suite: str, speed: float) -> None:
        self.scenario = scenario
        self.speed = speed
        self.programs = debian.programs(suite)
        self.run_dir = run_dir
        names = [*alert_names(rendered.files), *(a.labels["alertname"] for a in scenario.alerts if a.labels)]
        self.world = World(rendered.catalogue, dict.fromkeys(names), run_dir)  # its services are not started
        self.port = process.free_port()
        self.release = lay_out(self._files(rendered.files), self.world.secret_values, run_dir / "release")
        self.volumes = run_dir / "volumes"
        self.supervisor = Supervisor(run_dir)
        self.alertmanager = Alertmanager(f"http://127.0.0.1:{self.port}")
        self.silences: dict[int, str] = {}
        self.starts: dict[int, float] = {}  # alert => real time at which it began to fire
        self.ends: dict[int, float] = {}

    def play(self) -> Clock:
        """Start everything, do what the file says at its times, end everything."""
        with ExitStack() as stack:
            world = self.world
            for standin in (world.pagerduty, world.slack, world.mail, world.heartbeat):
                stack.callback(standin.stop)
            stack.callback(self.supervisor.stop_all)
            self.start()
            self.supervisor.processes["alertmanager"].wait_until_ready(self.alertmanager_ready, START_TIMEOUT_S)
            return self._play()

    def _play(self) -> Clock:
        clock = Clock(self.speed)
        events = Events()
        for fault in self.scenario.faults:
            events.add(fault.at, partial(self._do, fault))
            if fault.until is not None:
                events.add(fault.until, partial(self._undo, fault))
        for number, alert in enumerate(self.scenario.alerts):
            for begin, end in alert.spells:
                events.add(begin, partial(self._fire, number))
                events.add(end, partial(self._end, number))
        changes = sorted({at for alert in self.scenario.alerts for spell in alert.spells for at in spell})
        resend = max(RESEND_S, SHORTEST_RESEND_S * self.speed)
        for change, following in itertools.pairwise([*changes, self.scenario.lasts]):
            for at in _every(change, following, resend):
                events.add(at, self._post)
        for at, deed in events.in_order():
            if at > self.scenario.lasts:
                break
            clock.sleep_until(at)
            deed()
            clock.done(at)
        clock.sleep_until(self.scenario.lasts)
        return clock

    # ------------------------------------------------ Prometheus

    def _fire(self, number: int) -> None:
        self.starts[number] = time.time()
        self.ends.pop(number, None)

    def _end(self, number: int) -> None:
        self.ends[number] = time.time()

    def _post(self) -> None:
        """All that fires or has ended lately, in one message; nobody listens while Alertmanager is away."""
        now = time.time()
        valid = max(VALID_S / self.speed, SHORTEST_VALID_S)
        alerts = [
            {
                "labels": self.scenario.alerts[number].labels,
                "annotations": self.scenario.alerts[number].annotations,
                "startsAt": timestamp(began),
                "endsAt": timestamp(self.ends.get(number, now + valid)),
                "generatorURL": "https://prometheus.ananta.io/graph",
            }
            for number, began in self.starts.items()
            if now - self.ends.get(number, now) <= ENDED_FOR_S / self.speed
        ]
        try:
            if alerts:
                self.alertmanager.request("POST", "/api/v2/alerts", alerts)
        except HarnessError as problem:
            if "does not answer" not in str(problem):
                raise

    # ------------------------------------------------ faults

    def _do(self, fault: Fault) -> None:
        what = fault.what
        if "silence" in what:
            duration = ((fault.until or self.scenario.lasts) - fault.at) / self.speed
            self.silences[id(fault)] = self.alertmanager.silence(what["silence"], duration + 1)
        elif "down" in what:
            self._standin(what["down"]).refuse()
        elif "answers" in what:
            self._answer(int(what["answers"]), what["from"], what.get("times"))
        elif "kill" in what:
            self.supervisor.processes.pop("alertmanager").kill()
        elif "reload" in what:
            self.supervisor.processes["alertmanager"].signal(signal.SIGHUP)
        elif "start" in what:
            if what.get("without") == "its data":
                shutil.rmtree(self.volumes)
            self.start()
        else:
            self.supervisor.stop("alertmanager")
            if "restart" in what:
                self.start()

    def _undo(self, fault: Fault) -> None:
        what = fault.what
        if "silence" in what:
            self.alertmanager.expire(self.silences[id(fault)])
        elif "down" in what:
            self._standin(what["down"]).heal()
        elif "answers" in what:
            self._standin(what["from"]).heal()
        else:
            self.start()

    def _standin(self, name: str) -> Standin:
        world = self.world
        named: dict[str, Standin] = {"pagerduty": world.pagerduty, "slack": world.slack, "mail": world.mail}
        return named.get(name) or (world.slack if name.startswith("#") else world.mail)

    def _answer(self, status: int, who: str, times: int | None) -> None:
        where = "" if who in ("pagerduty", "slack", "mail") else _receiver(who)
        headers = {"Retry-After": "30"} if status == 429 else {}
        self._standin(who).answer_with(status, "no_service" if status == 404 else "", headers, times, where)

    # ------------------------------------------------ Alertmanager

    def start(self) -> None:
        """Start Alertmanager by the command line of the compose file. It may not be ready yet."""
        service = Compose(self.release / COMPOSE).service("alertmanager", self.programs, self.volumes)
        folder = self.run_dir / "namespace"
        folder.mkdir(exist_ok=True)
        view = Namespace(folder, share=self.programs.root / "usr/share", binds=service.binds)
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SSL_CERT_FILE": str(self.world.authority.ca_file)}
        self.supervisor.start("alertmanager", view.wrap(service.command), env=environment, cwd=self.run_dir)

    def alertmanager_ready(self) -> bool:
        return self.alertmanager.is_ready()

    def _files(self, files: Mapping[str, str]) -> dict[str, str]:
        mine = {name: text for name, text in files.items() if name.startswith("alertmanager/")}
        config = yaml.safe_load(files[CONFIG])
        settings = self.world.settings()
        config["global"]["pagerduty_url"] = settings["pagerduty_events_url"]
        config["global"]["smtp_smarthost"] = f"127.0.0.1:{self.world.mail.port}"
        for receiver in config["receivers"]:
            for webhook in receiver.get("webhook_configs", []):
                webhook["url"] = f"http://127.0.0.1:{self.world.heartbeat.port}/"
        compose = yaml.safe_load(files[COMPOSE])
        service = compose["services"]["alertmanager"]
        service["command"] = [self._flag(word) for word in service["command"]]
        return {**mine, CONFIG: yaml.safe_dump(_faster(config, self.speed)), COMPOSE: yaml.safe_dump(compose)}

    def _flag(self, word: str) -> str:
        """An argument of Alertmanager's with the address of this run, or its duration divided by the speed."""
        flag, _, value = word.partition("=")
        if flag == "--web.listen-address":
            return f"{flag}=127.0.0.1:{self.port}"
        return f"{flag}={_divided(value, self.speed)}" if flag.endswith("-interval") else word


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


def _every(begin: float, end: float, step: float) -> Iterable[float]:
    while begin < end:
        yield begin
        begin += step


def _faster(value: Any, speed: float) -> Any:
    """A configuration whose durations are divided by `speed`, to the millisecond."""
    if isinstance(value, list):
        return [_faster(item, speed) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _divided(item, speed) if key in DURATIONS else _faster(item, speed) for key, item in value.items()}


def _divided(duration: object, speed: float) -> str:
    return f"{round(seconds(duration) / speed * 1000)}ms"


# ---------------------------------------------------------------- what was heard


class Heard(NamedTuple):
    """One message told a receiver that this alert (its number in the scenario) fires or has ended."""

    at: float
    receiver: str
    alert: int
    state: State


class Listener:
    """Reads in each delivery which alerts of a scenario it tells of."""

    def __init__(self, alerts: Sequence[Alert], by_name: bool = False) -> None:
        self.alerts = alerts
        self.by_name = by_name
        self._incidents: dict[str, set[int]] = defaultdict(set)  # by dedup_key: what an incident is about
        self._named: dict[str, list[int]] = defaultdict(list)
        for number, alert in enumerate(alerts):
            self._named[alert.name].append(number)

    def listen(self, deliveries: Iterable[Delivery]) -> list[Heard]:
        """All that was told; of messages that were refused nothing was heard."""
        return [
            Heard(delivery.at, delivery.receiver, number, state)
            for delivery in deliveries
            if not delivery.problem
            for number, state in self._told(delivery)
        ]

    def _told(self, delivery: Delivery) -> list[tuple[int, State]]:
        body = delivery.body
        if not isinstance(body, dict):
            return []
        if self.by_name:
            return [(n, delivery.state) for n, alert in enumerate(self.alerts) if alert.name in delivery.names]
        if delivery.receiver == "pagerduty":
            return self._pagerduty(body)
        firing, ended = self._slack(body) if delivery.receiver.startswith("#") else self._listed(delivery)
        return [*((number, "firing") for number in firing), *((number, "resolved") for number in ended)]

    def _pagerduty(self, event: Mapping[str, Any]) -> list[tuple[int, State]]:
        about = self._incidents[event["dedup_key"]]
        if event["event_action"] == "resolve":
            return [(number, "resolved") for number in sorted(self._incidents.pop(event["dedup_key"]))]
        lines = str(event["payload"]["custom_details"].get("firing", "")).splitlines()
        found = [n for line in lines for n in self._named.get(line.split(" ", 1)[0], ()) if self._on_line(n, line)]
        about.update(found)
        return [(number, "firing") for number in found]

    def _slack(self, message: Mapping[str, Any]) -> tuple[list[int], list[int]]:
        [attachment] = message["attachments"]
        title, text = attachment["title"], attachment["text"]
        lines = text.splitlines()
        more = " ".join(line.partition(" more: ")[2] for line in lines if line.startswith("… and "))
        firing, ended = [], []
        for number, alert in enumerate(self.alerts):
            plane, service = alert.labels.get("plane"), alert.labels.get("service", "")
            if (plane and f"({plane})" not in title) or alert.name not in text:
                continue
            head, name = f"*{alert.name}* {service}".strip(), f"{alert.name} {service}".strip()
            if any(re.match(rf"{re.escape(head)}(?![\w-])", line) for line in lines) or f" {name} " in f" {more} ":
                firing.append(number)
            if f"Ended: {name}" in (line.strip() for line in lines):
                ended.append(number)
        return firing, ended

    def _listed(self, delivery: Delivery) -> tuple[list[int], list[int]]:
        """The alerts of a mail or of a heartbeat, which give all labels."""
        assert isinstance(delivery.body, dict)
        if delivery.receiver == "heartbeat":
            listed = [(alert["status"], alert["labels"]) for alert in delivery.body["alerts"]]
        else:
            blocks = re.findall(r"^(FIRING|RESOLVED) [^\n]*\n((?:  [^\n]*\n)*)", delivery.body["text"], re.MULTILINE)
            listed = [
                (word.lower(), dict(line.strip().split(": ", 1) for line in block.splitlines() if ": " in line))
                for word, block in blocks
            ]
        numbers: dict[str, list[int]] = {"firing": [], "resolved": []}
        for state, labels in listed:
            numbers[state] += [number for number, alert in enumerate(self.alerts) if alert.labels == labels]
        return numbers["firing"], numbers["resolved"]

    def _on_line(self, number: int, line: str) -> bool:
        labels = self.alerts[number].labels
        words = [f" {k}={v} " for k, v in labels.items() if k in ("service", "plane", "slo", "instance")]
        return all(word in f"{line} " for word in words)


# ---------------------------------------------------------------- the verdict


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
        *_differences(scenario, heard),
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


def _differences(scenario: Scenario, heard: Sequence[Heard]) -> list[str]:
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
    faulty = {_receiver(str(f.what.get("from"))) for f in scenario.faults if "answers" in f.what}
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


def play(scenario: Scenario, rendered: Rendered, run_dir: Path, suite: str = "bookworm") -> Run:
    """Play a scenario; once more at half the speed if it may have failed because the machine could not keep up.

    A delay of the machine's is then half as long in production's time, one of the configuration's stays.
    """
    run = _once(scenario, rendered, run_dir / "first", suite, scenario.speed)
    if run.problems and (run.clock.late > CLOCK_S or run.only_untimely):
        return _once(scenario, rendered, run_dir / "slower", suite, scenario.speed / 2)
    return run


def _once(scenario: Scenario, rendered: Rendered, run_dir: Path, suite: str, speed: float) -> Run:
    run_dir.mkdir(parents=True)
    player = Player(scenario, rendered, run_dir, suite, speed)
    return judge(scenario, player.world, player.play(), suite)


def rendered_once() -> Rendered:
    """The reference deployment with production's timings, and a mail server that wants a password."""
    smtp = {"host": "127.0.0.1", "port": 1025, "from": "alerts@example.org", "username": "alertmanager"}
    return render(ANANTA, {"smtp": smtp})
