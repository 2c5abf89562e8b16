"""Who is told: the routing table of the catalogue, read by the rule of the path that the message came by."""

from typing import NamedTuple

from forwarder.notification import FIRING, Notification
from forwarder.settings import Row
from forwarder.severity import CRITICAL, INFO


class Destination(NamedTuple):
    """One place that takes messages."""

    kind: str  # pagerduty | slack
    secret: str  # id of the secret with the routing key or the webhook
    label: str  # how logs call it: `#channel`, or the team's name


class NoRoute(Exception):
    """The table has no row for a message that somebody must be told of."""


def slack_channels(notification: Notification, rows: tuple[Row, ...]) -> list[Destination]:
    """The channels of every row that takes the notification, each once. Raises NoRoute when no row does."""
    taking = _rows(notification, rows, notification.severity)
    if not taking:
        raise NoRoute(f"no row of the routing table takes severity {notification.severity}")
    return _once([Destination("slack", row.slack, row.channel or row.team) for row in taking if row.slack])


def pagerduty_keys(notification: Notification, rows: tuple[Row, ...]) -> list[Destination]:
    """The keys of those that a page goes to: a team's own, else the default of critical.

    Warnings and infos open nothing; whatever ends an incident is sent, whatever its severity says now.
    """
    pages = notification.state == FIRING and notification.severity == CRITICAL
    if not notification.dedup_key or not (pages or notification.state == "resolved"):
        return []
    taking = [row for row in _rows(notification, rows, CRITICAL) if row.pagerduty]
    teams = [row for row in taking if not row.severities]
    if not notification.adds_up and teams:
        taking = teams
    if pages and not taking:
        raise NoRoute("no row of the routing table has a PagerDuty key for a critical message")
    return _once([Destination("pagerduty", row.pagerduty, row.team or "pagerduty") for row in taking])


def _rows(notification: Notification, rows: tuple[Row, ...], severity: str) -> list[Row]:
    of_severity = [row for row in rows if severity in row.severities]
    if notification.adds_up:
        return of_severity + [row for row in rows if _is_team_of(row, notification)]
    if severity == INFO:
        return of_severity
    teams = _team(notification, rows)
    return teams + of_severity if severity == CRITICAL else teams or of_severity


def _team(notification: Notification, rows: tuple[Row, ...]) -> list[Row]:
    """The category's team, else the service's, else the plane's."""
    of_category = [row for row in rows if notification.category and notification.category in row.categories]
    of_service = [row for row in rows if notification.service and notification.service in row.services]
    of_plane = [row for row in rows if notification.plane and notification.plane in row.planes]
    return of_category or of_service or of_plane


def _is_team_of(row: Row, notification: Notification) -> bool:
    pairs = (
        (notification.category, row.categories),
        (notification.plane, row.planes),
        (notification.service, row.services),
    )
    return any(value and value in listed for value, listed in pairs)


def _once(destinations: list[Destination]) -> list[Destination]:
    """A secret stands for one channel or one service: it is told once, under the first name it has."""
    return list({destination.secret: destination for destination in reversed(destinations)}.values())[::-1]
