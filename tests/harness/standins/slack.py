"""Slack's incoming webhooks: a channel is known by the webhook's path alone, payloads are held to their limits."""

import json
import secrets
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from tests.harness.standins.https import Answer, HttpStandin, Request
from tests.harness.standins.recorder import Delivery, Names, Recorder, state_of, texts
from tests.harness.standins.slack_payload import Refusal, check_payload

UNKNOWN = "slack:unknown"  # receiver of what came to a webhook that is nobody's

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ANYTHING = _CAPITALS + _CAPITALS.lower()


class Slack(HttpStandin):
    """HTTPS server for incoming webhooks. The `channel` field of a payload changes nothing, as in Slack's own apps."""

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
        self._paths: dict[str, str] = {}  # path of the webhook -> channel
        self._lock = threading.Lock()
        self._team = _random("T", _CAPITALS, 10)
        super().__init__(context, port, keep_alive)

    def webhook(self, channel: str) -> str:
        """The URL of a channel's webhook; a new channel gets one."""
        if not channel.startswith("#"):
            raise ValueError(f"{channel} is no channel: it begins with #")
        with self._lock:
            path = next((path for path, one in self._paths.items() if one == channel), None) or self._add(channel)
        return f"{self.url}{path}"

    def rotate(self, channel: str) -> str:
        """Take the channel's webhook away (404 no_service from now on) and return its new URL."""
        with self._lock:
            self._paths = {path: one for path, one in self._paths.items() if one != channel}
        return self.webhook(channel)

    def rate_limit(self, channel: str = "", seconds: int = 1, times: int | None = None) -> None:
        """Answer 429 with Retry-After."""
        self.answer_with(429, "rate_limited", {"Retry-After": str(seconds)}, times, where=channel)

    def archive(self, channel: str) -> None:
        """Answer 410 until healed."""
        self.answer_with(410, "channel_is_archived", where=channel)

    def forget(self, channel: str) -> None:
        """Answer as if the channel had been deleted: 404 channel_not_found until healed."""
        self.answer_with(404, "channel_not_found", where=channel)

    def answer(self, request: Request) -> Answer:
        receiver = self.receiver(request)
        if request.method != "POST":
            return Answer(405, "method_not_allowed")
        if receiver == UNKNOWN:
            return self._refuse(request, receiver, Refusal("no_service", "", 404))
        try:
            payload = read_payload(request)
            check_payload(payload)
        except Refusal as refusal:
            return self._refuse(request, receiver, refusal)
        self._record(receiver, payload)
        return Answer(200, "ok", {"Content-Type": "text/html"})

    def receiver(self, request: Request) -> str:
        with self._lock:
            return self._paths.get(request.path, UNKNOWN)

    def faulted(self, request: Request, problem: str) -> None:
        self._record(self.receiver(request), _as_sent(request), problem)

    def _refuse(self, request: Request, receiver: str, refusal: Refusal) -> Answer:
        self._record(receiver, _as_sent(request), str(refusal))
        return Answer(refusal.status, refusal.code)

    def _record(self, receiver: str, body: dict[str, Any] | str, problem: str = "") -> None:
        told = heading(body), "\n".join(texts(body))
        self._recorder.add(Delivery(time.time(), receiver, state_of(*told), self._names.find(*told), body, problem))

    def _add(self, channel: str) -> str:
        path = f"/services/{self._team}/{_random('B', _CAPITALS, 10)}/{_random('', _ANYTHING, 24)}"
        self._paths[path] = channel
        return path


def read_payload(request: Request) -> dict[str, Any]:
    """The payload of a JSON body or of a form's `payload=`; raises Refusal when it is neither."""
    text = request.body.decode("utf-8", "replace")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        text = parse_qs(text).get("payload", [""])[0]
    try:
        payload = json.loads(text)
    except ValueError:
        raise Refusal("invalid_payload", "no JSON") from None
    if not isinstance(payload, dict):
        raise Refusal("invalid_payload", "no object")
    return payload


def heading(body: dict[str, Any] | str) -> str:
    """What a notification on a phone would show: the text, or else the attachments' titles."""
    if not isinstance(body, dict):
        return body
    attachments = body.get("attachments")
    titles = (
        [one.get("title", "") for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
    )
    return "\n".join(texts([body.get("text", ""), *titles]))


def _as_sent(request: Request) -> dict[str, Any] | str:
    try:
        return read_payload(request)
    except Refusal:
        return request.body.decode("utf-8", "replace")


def _random(prefix: str, alphabet: str, length: int) -> str:
    return prefix + "".join(secrets.choice(alphabet) for _ in range(length))
