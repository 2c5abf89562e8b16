"""PagerDuty's Events API v2: judges events as strictly as it is documented, and keeps incidents as PagerDuty does."""

import datetime
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.harness.standins.https import Answer, HttpStandin, Request
from tests.harness.standins.recorder import Delivery, Names, Recorder, State, texts

PATH = "/v2/enqueue"
RECEIVER = "pagerduty"
KEY_LENGTH = 32
LARGEST_EVENT = 512 * 1024

_EVENT_KEYS = {"routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"}
_PAYLOAD_KEYS = {
    "summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details",
}  # fmt: skip
_SEVERITIES = ("critical", "error", "warning", "info")


class Incident(NamedTuple):
    """One incident; a trigger after its end opens another one under the same key."""

    dedup_key: str
    summary: str
    names: tuple[str, ...]
    routing_key: str
    opened_at: float
    triggers: int = 1
    acknowledged: bool = False
    resolved_at: float | None = None

    @property
    def open(self) -> bool:
        return self.resolved_at is None


class PagerDuty(HttpStandin):
    """HTTPS server for `/v2/enqueue`. Point `pagerduty_events_url` at `events_url`.

    It knows the routing keys of `accept`; without one it takes every key of the right length.
    """

    def __init__(
        self,
        recorder: Recorder,
        context: ssl.SSLContext,
        known_names: Iterable[str] = (),
        port: int = 0,
        keep_alive: bool = False,
    ) -> None:
        self._recorder = recorder
        self._names = Names(known_names)
        self._keys: frozenset[str] = frozenset()
        self._owners: dict[str, str] = {}
        self._incidents: list[Incident] = []
        self._ignored: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        super().__init__(context, port, keep_alive)

    @property
    def events_url(self) -> str:
        return f"{self.url}{PATH}"

    def accept_only(self, *keys: str) -> None:
        """Know these routing keys and no other (a rotation takes the old one away)."""
        for key in keys:
            if len(key) != KEY_LENGTH:
                raise ValueError(f"a routing key has {KEY_LENGTH} characters, this one {len(key)}")
        self._keys = frozenset(keys)

    def tell_apart(self, owners: Mapping[str, str]) -> None:
        """Record events of these routing keys under `pagerduty/<owner>`: routing key => owner."""
        self._owners = dict(owners)

    def incidents(self) -> list[Incident]:
        with self._lock:
            return list(self._incidents)

    def open_incidents(self) -> list[Incident]:
        return [incident for incident in self.incidents() if incident.open]

    def ignored(self) -> list[dict[str, Any]]:
        """Resolves and acknowledgements that were taken (202) but found no open incident: nobody hears of them."""
        with self._lock:
            return list(self._ignored)

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", PATH):
            return Answer(404, "Not Found")
        event, errors = read_event(request.body)
        errors = errors or self._key_errors(event)
        if errors:
            self._record(event, "; ".join(errors))
            refusal = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return _json(413 if len(request.body) > LARGEST_EVENT else 400, refusal)
        event.setdefault("dedup_key", uuid.uuid4().hex)
        if self._apply(event):
            self._record(event)
        return _json(202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})

    def receiver(self, request: Request) -> str:
        return RECEIVER

    def faulted(self, request: Request, problem: str) -> None:
        self._record(read_event(request.body)[0], problem)

    def _key_errors(self, event: dict[str, Any]) -> list[str]:
        unknown = self._keys and event["routing_key"] not in self._keys
        return ["Invalid routing key: 'routing_key' is not known"] if unknown else []

    def _apply(self, event: dict[str, Any]) -> bool:
        """Open, touch or end an incident; false when a resolve or an acknowledgement found none."""
        now, action, key = time.time(), event["event_action"], event["dedup_key"]
        with self._lock:
            index = self._find_open(key)
            if action == "trigger" and index is None:
                self._incidents.append(
                    Incident(key, event["payload"]["summary"], self._find_names(event), event["routing_key"], now)
                )
                return True
            if index is None:
                self._ignored.append(event)
                return False
            incident = self._incidents[index]
            changes: dict[str, dict[str, Any]] = {
                "trigger": {
                    "triggers": incident.triggers + 1,
                    "names": merged(incident.names, self._find_names(event)),
                },
                "acknowledge": {"acknowledged": True},
                "resolve": {"resolved_at": now},
            }
            self._incidents[index] = incident._replace(**changes[action])
            return True

    def _find_open(self, key: str) -> int | None:
        return next((i for i, one in enumerate(self._incidents) if one.open and one.dedup_key == key), None)

    def _find_names(self, event: dict[str, Any]) -> tuple[str, ...]:
        payload = event.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        details = payload.get("custom_details")
        details = details if isinstance(details, dict) else {}
        lines = str(details.get("firing", "")).splitlines()
        firing = "\n".join(
            line.split(" ", 1)[0] for line in lines
        )  # Alertmanager's: a line begins with the alert's name
        everything = "\n".join(texts(payload))
        return self._names.find(
            firing,
            str(details.get("alerts", "")),
            str(details.get("name", "")),
            str(payload.get("summary", "")),
            everything,
        )

    def _record(self, event: dict[str, Any], problem: str = "") -> None:
        action = event.get("event_action")
        state: State = "resolved" if action == "resolve" else "firing"
        # PagerDuty ignores a resolve's payload: what ends is what the incident was about.
        names = self._names_of(event.get("dedup_key")) if state == "resolved" else self._find_names(event)
        owner = self._owners.get(str(event.get("routing_key")))
        receiver = f"{RECEIVER}/{owner}" if owner else RECEIVER
        self._recorder.add(Delivery(time.time(), receiver, state, names, event, problem))

    def _names_of(self, key: object) -> tuple[str, ...]:
        with self._lock:
            return next((one.names for one in reversed(self._incidents) if one.dedup_key == key), ())


def merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


def read_event(body: bytes) -> tuple[dict[str, Any], list[str]]:
    """A body as an event, and all that is wrong with it."""
    if len(body) > LARGEST_EVENT:
        return {}, [f"Event is larger than 512 KB ({len(body)} bytes)"]
    try:
        event = json.loads(body)
    except ValueError:
        return {}, ["Body is no JSON"]
    if not isinstance(event, dict):
        return {}, ["Event is no object"]
    return event, event_errors(event)


def event_errors(event: dict[str, Any]) -> list[str]:
    """All that the documentation of Events API v2 forbids in `event`."""
    action = event.get("event_action")
    errors = [f"'{key}' is not a field of an event" for key in sorted(event.keys() - _EVENT_KEYS)]
    errors += _routing_key_errors(event.get("routing_key"))
    if action not in ("trigger", "acknowledge", "resolve"):
        errors.append("'event_action' is missing or not one of trigger, acknowledge, resolve")
    errors += _dedup_key_errors(event.get("dedup_key"), needed=action in ("acknowledge", "resolve"))
    for key in ("client", "client_url"):
        errors += _string_errors(event, key)
    if action == "trigger" or "payload" in event:
        errors += _payload_errors(event.get("payload"))
    errors += _list_errors(event, "links", _link_errors)
    return errors + _list_errors(event, "images", _image_errors)


def _routing_key_errors(key: object) -> list[str]:
    if not isinstance(key, str) or not key:
        return ["'routing_key' is missing or blank"]
    if len(key) != KEY_LENGTH:
        return [f"Length of 'routing_key' is incorrect (should be {KEY_LENGTH} characters)"]
    return []


def _dedup_key_errors(key: object, *, needed: bool) -> list[str]:
    if key is None:
        return ["'dedup_key' is missing or blank"] if needed else []
    if not isinstance(key, str) or not key:
        return ["'dedup_key' is no string or blank"]
    return ["'dedup_key' is too long (255 characters at most)"] if len(key) > 255 else []


def _payload_errors(payload: object) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or no object"]
    errors = [f"'payload.{key}' is not a field of an event" for key in sorted(payload.keys() - _PAYLOAD_KEYS)]
    for key in ("summary", "source", "severity"):
        if not isinstance(payload.get(key), str) or not payload[key].strip():
            errors.append(f"'payload.{key}' is missing or blank")
    if len(str(payload.get("summary", ""))) > 1024:
        errors.append("'payload.summary' is too long (1024 characters at most)")
    if payload.get("severity") not in _SEVERITIES:
        errors.append(f"'payload.severity' is not one of {', '.join(_SEVERITIES)}")
    for key in ("component", "group", "class", "timestamp"):
        errors += _string_errors(payload, key, "payload.")
    errors += _timestamp_errors(payload.get("timestamp"))
    if not isinstance(payload.get("custom_details", {}), dict):
        errors.append("'payload.custom_details' is no object")
    return errors


def _timestamp_errors(timestamp: object) -> list[str]:
    if not isinstance(timestamp, str):
        return []
    try:
        datetime.datetime.fromisoformat(timestamp)
    except ValueError:
        return ["'payload.timestamp' is not in ISO 8601"]
    return []


def _string_errors(parent: dict[str, Any], key: str, prefix: str = "") -> list[str]:
    return [] if isinstance(parent.get(key, ""), str) else [f"'{prefix}{key}' is no string"]


def _list_errors(event: dict[str, Any], key: str, check: Callable[[dict[str, Any]], list[str]]) -> list[str]:
    items = event.get(key, [])
    if not isinstance(items, list):
        return [f"'{key}' is no list"]
    errors: list[str] = []
    for index, item in enumerate(items):
        where = f"{key}[{index}]"
        errors += [f"'{where}' {e}" for e in (check(item) if isinstance(item, dict) else ["is no object"])]
    return errors


def _link_errors(link: dict[str, Any]) -> list[str]:
    errors = [f"has an unknown field '{key}'" for key in sorted(link.keys() - {"href", "text"})]
    if not _is_url(link.get("href"), "http", "https"):
        errors.append("needs 'href', a URL")
    return errors + ([] if isinstance(link.get("text", ""), str) else ["has a 'text' that is no string"])


def _image_errors(image: dict[str, Any]) -> list[str]:
    errors = [f"has an unknown field '{key}'" for key in sorted(image.keys() - {"src", "href", "alt"})]
    if not _is_url(image.get("src"), "https"):
        errors.append("needs 'src', an https URL")
    if image.get("href") and not _is_url(image["href"], "http", "https"):
        errors.append("has an 'href' that is no URL")
    return errors + ([] if isinstance(image.get("alt", ""), str) else ["has an 'alt' that is no string"])


def _is_url(value: object, *schemes: str) -> bool:
    if not isinstance(value, str) or any(character.isspace() for character in value):
        return False
    parts = urlsplit(value)
    return parts.scheme in schemes and bool(parts.netloc)


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(body), {"Content-Type": "application/json"})
