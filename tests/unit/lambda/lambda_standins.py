"""The harness' PagerDuty and Slack, which judge as the real ones do, with what these tests ask of them."""

from __future__ import annotations

import json
import ssl
from typing import Any

from lambda_world import CHANNELS, ROUTING_KEY

from tests.harness.standins import pagerduty, slack
from tests.harness.standins.https import Answer, Request
from tests.harness.standins.recorder import Recorder
from tests.harness.standins.slack_payload import Refusal, check_payload


class PagerDuty(pagerduty.PagerDuty):
    """Knows one routing key."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.taken: list[dict[str, Any]] = []  # every event that was good and that a known key came with
        super().__init__(Recorder(), context, keep_alive=True)
        self.accept_only(ROUTING_KEY)

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if answer.status == 202:
            self.taken.append(json.loads(request.body))
        return answer

    def told(self) -> list[tuple[str, str]]:
        """Action and name of each event taken."""
        return [(event["event_action"], event["payload"]["custom_details"]["name"]) for event in self.taken]

    def states(self) -> dict[str, str]:
        """What an on-call engineer sees: each incident's key, and `open` or `resolved`."""
        return {one.dedup_key: "open" if one.open else "resolved" for one in self.incidents()}


class Slack(slack.Slack):
    """Has every channel of the routing table."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []  # channel and message
        super().__init__(Recorder(), context, keep_alive=True)
        for channel in CHANNELS:
            self.webhook(channel)

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if answer.status == 200:
            self.taken.append((self.receiver(request), json.loads(request.body)))
        return answer

    def channels(self) -> list[str]:
        """Where a message is shown, in order."""
        return [channel for channel, _ in self.taken]

    def messages(self, channel: str = "") -> list[dict[str, Any]]:
        """What a channel shows; of all channels when none is named."""
        return [message for to, message in self.taken if channel in ("", to)]


def refusal(message: dict[str, Any]) -> str:
    """Why Slack would refuse it; empty when it would not. A notification shows 4,000 characters of the text."""
    try:
        check_payload(message)
    except Refusal as refused:
        return str(refused)
    return "" if 0 < len(message["text"]) <= 4000 else "text"


def shown(message: dict[str, Any]) -> str:
    """All the text of a Slack message, as a reader sees it."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("text", "url") and isinstance(inner, str):
                    found.append(inner)
                else:
                    walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk({key: value for key, value in message.items() if key != "text" or "blocks" not in message})
    return "\n".join(found).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
