"""The listener that the Watchdog reports to: Alertmanager's webhook format, version 4. Prometheus scrapes it too."""

import json
import time
from typing import Any

from tests.harness.standins.https import Answer, HttpStandin, Request
from tests.harness.standins.recorder import Delivery, Recorder, State

RECEIVER = "heartbeat"
METRICS = "config_release_rejected 0\n"  # what the host's agent exports


class Heartbeat(HttpStandin):
    """HTTP server that takes Alertmanager's webhooks on any path and records the names of their alerts.

    A GET is a scrape, and no message.
    """

    def __init__(self, recorder: Recorder, port: int = 0) -> None:
        self._recorder = recorder
        super().__init__(port=port)

    def answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return Answer(200, METRICS, {"Content-Type": "text/plain; version=0.0.4"})
        try:
            message = json.loads(request.body)
            names = tuple(dict.fromkeys(str(alert["labels"]["alertname"]) for alert in message["alerts"]))
            state: State = "resolved" if message["status"] == "resolved" else "firing"
            if message["version"] != "4" or message["status"] not in ("firing", "resolved"):
                raise ValueError("version 4 and a status of firing or resolved were expected")
        except (ValueError, KeyError, TypeError) as error:
            self._record("firing", (), request.body.decode("utf-8", "replace"), f"no webhook of Alertmanager: {error}")
            return Answer(400, "no webhook of Alertmanager")
        self._record(state, names, message)
        return Answer(200)

    def receiver(self, request: Request) -> str:
        return RECEIVER

    def faulted(self, request: Request, problem: str) -> None:
        self._record("firing", (), request.body.decode("utf-8", "replace"), problem)

    def _record(self, state: State, names: tuple[str, ...], body: dict[str, Any] | str, problem: str = "") -> None:
        self._recorder.add(Delivery(time.time(), RECEIVER, state, names, body, problem))
