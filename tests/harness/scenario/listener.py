"""What receivers learn from their messages: which alerts of a scenario fire, and which have ended."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tests.harness.scenario.file import Alert
from tests.harness.standins.recorder import Delivery, State


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
        if delivery.receiver.startswith("pagerduty"):
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
