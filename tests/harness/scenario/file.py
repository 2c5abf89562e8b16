"""A scenario as it is written: alerts and faults with their times, and what must be told of them."""

import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.harness import paths
from tests.harness.errors import HarnessError

FOLDER = paths.ROOT / "tests/routing/scenarios"
SPEED = 30.0
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: object) -> float:
    """1h30m => 5400. HarnessError for anything else than a duration."""
    parts = re.findall(r"(\d+)(ms|s|m|h|d)", str(duration))
    if not parts or "".join(number + unit for number, unit in parts) != str(duration):
        raise HarnessError(f"{duration} is no duration such as 30s, 5m or 1h30m")
    return sum(int(number) * UNITS[unit] for number, unit in parts)


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
    platform: dict[str, Any]  # laid over the reference deployment's catalogue


KEYS = {
    "title", "about", "alerts", "faults", "told", "not_told", "may_be_told", "incidents", "still_open", "lasts",
    "speed", "suites", "limit", "messages_at_most", "heartbeat_gap_at_most", "says", "never_says", "recognised_by",
    "platform",
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
    allowed = frozenset((k, receiver_of(to)) for k, tos in data.get("may_be_told", {}).items() for to in tos)
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
        says={receiver_of(to): words for to, words in data.get("says", {}).items()},
        never_says={receiver_of(to): words for to, words in data.get("never_says", {}).items()},
        by_name=data.get("recognised_by") == "name",
        lasts=seconds(data["lasts"]) if "lasts" in data else last + seconds("7m"),
        speed=float(data.get("speed", SPEED)),
        suites=tuple(data.get("suites", ["bookworm"])),
        limit=data.get("limit", ""),
        platform=data.get("platform", {}),
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


def _annotations(labels: Mapping[str, str]) -> dict[str, str]:
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
                receiver_of(to),
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


def receiver_of(name: str) -> str:
    return f"mail@{name}" if "@" in name else name
