"""The one shape that every message becomes, whatever its source."""

from typing import NamedTuple

FIRING = "firing"
RESOLVED = "resolved"
NO_DATA = "no data"
CRITICAL, WARNING, INFO = "critical", "warning", "info"


class Notification(NamedTuple):
    """What somebody has to be told, readable and routable."""

    kind: str  # alarm | alertmanager | event | text
    name: str  # the alarm's name, an alert's name, or the title of a text
    state: str  # FIRING, RESOLVED or NO_DATA
    severity: str  # critical | warning | info: decided, never empty; none only for Alertmanager's heartbeat
    summary: str = ""  # one line: what happened
    body: str = ""  # the long text, may have several lines
    category: str = ""
    plane: str = ""
    service: str = ""
    source: str = ""  # the thing that is in trouble: a database, a task, a bucket
    change: str = ""  # "OK → ALARM"
    facts: tuple[tuple[str, str], ...] = ()  # label and value, in the order in which they are shown
    links: tuple[tuple[str, str], ...] = ()  # text and address
    dedup_key: str = ""  # the incident's key; empty: this message neither opens nor ends an incident
    ends: bool = True  # False: nothing will ever resolve what this opens
    adds_up: bool = False  # True: every row of the routing table that matches takes it (the Prometheus path's rule)
    at: float = 0.0  # seconds since the epoch when the state changed; 0 when the message does not say
    subject: str = ""  # whose events have an order: an alarm by its ARN, or what opens an incident by its key
    old_state: str = ""  # the alarm's state before, in CloudWatch's words
    configured_at: float = 0.0  # when the alarm was last edited, 0 when unknown
    message_id: str = ""  # the same for each delivery of the same message


class Record(NamedTuple):
    """One message as it came, before anybody has understood it."""

    message: str
    subject: str = ""
    topic: str = ""  # the topic's name (the last part of its ARN)
    topic_arn: str = ""
    message_id: str = ""  # empty: it has none of its own
    sent_at: float = 0.0
    attributes: tuple[tuple[str, str], ...] = ()  # SNS message attributes of type String
