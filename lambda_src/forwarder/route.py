"""Who is told: the routing table of the catalogue, read by the rule of the path that the message came by."""

from typing import NamedTuple

from forwarder.notification import CRITICAL, FIRING, INFO, RESOLVED, Notification
from forwarder.post import Trouble
from forwarder.settings import Row


class Destination(NamedTuple):
    """One place that takes messages."""

    kind: str  # pagerduty | slack
    secret: str  # id of the secret with the routing key or the webhook
    label: str  # how logs call it: `#channel`, or the team's name


def slack_channels(note: Notification, rows: tuple[Row, ...]) -> list[Destination]:
    """The channels of every row that takes the note, each once. Raises Trouble when no row does."""
    taking = _rows(note, rows, note.severity) if note.severity != "none" else []
    if not taking and note.severity != "none":
        raise Trouble(f"no row of the routing table takes severity {note.severity}", heals=False)
    return _once([Destination("slack", row.slack, row.channel or row.team) for row in taking if row.slack])


def pagerduty_keys(note: Notification, rows: tuple[Row, ...]) -> list[Destination]:
    """The keys of those that a page goes to: a team's own, else the default of critical.

    Warnings and infos open nothing; whatever ends an incident is sent, whatever its severity says now.
    """
    pages = note.state == FIRING and note.severity == CRITICAL
    if not note.dedup_key or not (pages or note.state == RESOLVED):
        return []
    taking = [row for row in _rows(note, rows, CRITICAL) if row.pagerduty]
    teams = [row for row in taking if not row.severities]
    if not note.adds_up and teams:
        taking = teams
    if pages and not taking:
        raise Trouble("no row of the routing table has a PagerDuty key for a critical message", heals=False)
    return _once([Destination("pagerduty", row.pagerduty, row.team or "pagerduty") for row in taking])


def _rows(note: Notification, rows: tuple[Row, ...], severity: str) -> list[Row]:
    of_severity = [row for row in rows if severity in row.severities]
    if note.adds_up:
        return of_severity + [row for row in rows if _is_team_of(row, note)]
    if severity == INFO:
        return of_severity
    teams = _team(note, rows)
    return teams + of_severity if severity == CRITICAL else teams or of_severity


def _team(note: Notification, rows: tuple[Row, ...]) -> list[Row]:
    """The category's team, else the service's, else the plane's."""
    of_category = [row for row in rows if note.category and note.category in row.categories]
    of_service = [row for row in rows if note.service and note.service in row.services]
    of_plane = [row for row in rows if note.plane and note.plane in row.planes]
    return of_category or of_service or of_plane


def _is_team_of(row: Row, note: Notification) -> bool:
    pairs = (
        (note.category, row.categories),
        (note.plane, row.planes),
        (note.service, row.services),
    )
    return any(value and value in listed for value, listed in pairs)


def _once(destinations: list[Destination]) -> list[Destination]:
    """A secret stands for one channel or one service: it is told once, under the first name it has."""
    return list({destination.secret: destination for destination in reversed(destinations)}.values())[::-1]
