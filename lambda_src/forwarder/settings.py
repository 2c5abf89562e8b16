"""What Terraform has told the function, read from the environment and kept until it changes."""

import json
import os
from typing import Any, NamedTuple

from forwarder.text import mapping, mappings, word


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
    canary: str  # ARN of the alarm that is one, empty without


class BadSettings(Exception):
    """A variable that cannot be used; the message names it."""


NAMES = (
    "ROUTING", "TOPIC_SEVERITIES", "RESOURCES", "PAGERDUTY_EVENTS_URL", "GRAFANA_URL", "RUNBOOKS_URL",
    "SECRET_TTL_SECONDS", "CANARY",
)  # fmt: skip
_read: tuple[list[str], Settings] | None = None


def settings() -> Settings:
    """The settings, parsed once for each set of values. Raises BadSettings."""
    global _read
    given = [os.environ.get(name, "") for name in NAMES]
    if _read is None or _read[0] != given:
        _read = (given, _parsed(*given))
    return _read[1]


def _parsed(
    routing: str, topics: str, resources: str, pagerduty: str, grafana: str, runbooks: str, ttl: str, canary: str
) -> Settings:
    rows = tuple(_row(row) for row in mappings(_json("ROUTING", routing)))
    if not rows:
        raise BadSettings("ROUTING holds no rows")
    known = mapping(_json("RESOURCES", resources)).items()
    return Settings(
        rows=rows,
        topic_severities={name: word(item) for name, item in mapping(_json("TOPIC_SEVERITIES", topics)).items()},
        resources={name: _three(labels) for name, labels in known} if resources else None,
        pagerduty_url=pagerduty or "https://events.pagerduty.com/v2/enqueue",
        grafana_url=grafana,
        runbooks_url=runbooks,
        secret_ttl=float(_json("SECRET_TTL_SECONDS", ttl or "300")),
        canary=canary,
    )


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        raise BadSettings(f"{name} is no JSON") from None


def _row(row: dict[str, Any]) -> Row:
    team, pagerduty, slack, channel = (word(row.get(key)) for key in ("t", "pd", "sl", "ch"))
    severities, categories, planes, services = (_words(row.get(key)) for key in ("s", "c", "p", "v"))
    return Row(team, severities, categories, planes, services, pagerduty, slack, channel)


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word(item) for item in value) if isinstance(value, list) else ()


def _three(labels: Any) -> tuple[str, str, str]:
    category, plane, service = (*_words(labels), "", "", "")[:3]
    return category, plane, service
