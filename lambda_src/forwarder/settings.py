"""What Terraform has told the function, read from the environment and kept until it changes."""

import json
import os
from typing import Any, NamedTuple

from forwarder.text import word


class Row(NamedTuple):
    """One row of the routing table, severity row or team row; the lists of a team are OR-ed."""

    team: str
    severities: tuple[str, ...]
    categories: tuple[str, ...]
    planes: tuple[str, ...]
    services: tuple[str, ...]
    pagerduty: str  # id of the secret with the routing key, empty without one
    slack: str  # id of the secret with the webhook, empty without one
    channel: str


class Settings(NamedTuple):
    """See the README of this folder for the variables and their formats."""

    rows: tuple[Row, ...]
    topic_severities: dict[str, str]
    resources: dict[str, tuple[str, str, str]] | None  # identifier → category, plane, service; None: not given
    pagerduty_url: str
    grafana_url: str
    runbooks_url: str
    secret_ttl: float


class BadSettings(Exception):
    """A variable that cannot be used; the message names it."""


NAMES = (
    "ROUTING", "TOPIC_SEVERITIES", "RESOURCES", "PAGERDUTY_EVENTS_URL", "GRAFANA_URL", "RUNBOOKS_URL",
    "SECRET_TTL_SECONDS",
)  # fmt: skip
_read: tuple[tuple[str, ...], Settings] | None = None


def settings() -> Settings:
    """The settings, parsed once for each set of values. Raises BadSettings."""
    global _read
    given = tuple(os.environ.get(name, "") for name in NAMES)
    if _read is None or _read[0] != given:
        _read = (given, _parse(*given))
    return _read[1]


def _parse(
    routing: str, topics: str, resources: str, pagerduty: str, grafana: str, runbooks: str, ttl: str
) -> Settings:
    rows = _json("ROUTING", routing or "[]", list)
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise BadSettings("ROUTING holds no rows")
    return Settings(
        rows=tuple(_row(row) for row in rows),
        topic_severities={name: word(value) for name, value in _json("TOPIC_SEVERITIES", topics or "{}", dict).items()},
        resources=_resources(resources),
        pagerduty_url=pagerduty or "https://events.pagerduty.com/v2/enqueue",
        grafana_url=grafana,
        runbooks_url=runbooks,
        secret_ttl=_seconds(ttl or "300"),
    )


def _json(name: str, text: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise BadSettings(f"{name} is no JSON") from None
    if not isinstance(value, kind):
        raise BadSettings(f"{name} is no {'list' if kind is list else 'object'}")
    return value


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadSettings(f"SECRET_TTL_SECONDS is {text}: a number of seconds is wanted") from None


def _row(row: dict[str, Any]) -> Row:
    return Row(
        team=word(row.get("t")),
        severities=_words(row.get("s")),
        categories=_words(row.get("c")),
        planes=_words(row.get("p")),
        services=_words(row.get("v")),
        pagerduty=word(row.get("pd")),
        slack=word(row.get("sl")),
        channel=word(row.get("ch")),
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word(item) for item in value) if isinstance(value, list) else ()


def _resources(text: str) -> dict[str, tuple[str, str, str]] | None:
    if not text:
        return None
    found: dict[str, tuple[str, str, str]] = {}
    for identifier, labels in _json("RESOURCES", text, dict).items():
        category, plane, service = (*_words(labels), "", "", "")[:3]
        found[identifier] = (category, plane, service)
    return found
