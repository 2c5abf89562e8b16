"""The mailbox behind SNS: the emulator sends no e-mail, it shows what it would have sent."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from tests.harness.standins.recorder import Delivery, Names, Recorder, State, state_of
from tests.harness.standins.smtp import receiver

PATH = "/_aws/ses"


class SnsMailbox:
    """Looks into the emulator at `endpoint` every `interval` seconds and records each new mail for each recipient."""

    def __init__(
        self, recorder: Recorder, endpoint: str, known_names: Iterable[str] = (), interval: float = 0.5
    ) -> None:
        self._recorder = recorder
        self._url = endpoint.rstrip("/") + PATH
        self._names = Names(known_names)
        self._interval = interval
        self._seen: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def collect(self) -> None:
        """Record what has come since the last look. Raises OSError when the emulator does not answer."""
        with urllib.request.urlopen(self._url, timeout=5) as response:
            messages = json.load(response)["messages"]
        for message in messages:
            if message["Id"] not in self._seen:
                self._seen.add(message["Id"])
                self._record(message)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=6)

    def _watch(self) -> None:
        while not self._ended.wait(self._interval):
            try:
                self.collect()
            except (OSError, ValueError):
                continue  # an emulator that starts or ends; its own health is watched elsewhere

    def _record(self, message: dict[str, Any]) -> None:
        parts = message.get("Body") or {}
        text = parts.get("text_part") or parts.get("html_part") or ""
        body = {"subject": message.get("Subject", ""), "from": message.get("Source", ""), "text": text, "html": ""}
        for address in message.get("Destination", {}).get("ToAddresses", []):
            mail = {**body, "to": address}
            name, state = _alarm(text)
            self._recorder.add(Delivery(time.time(), receiver(address), state, self._names.find(name, text), mail))


def _alarm(text: str) -> tuple[str, State]:
    """Name and state: a raw alarm says them in fields; anything else is read like any message."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return "", state_of(text)
    return str(value.get("AlarmName", "")), "resolved" if value.get("NewStateValue") == "OK" else "firing"
