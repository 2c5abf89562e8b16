"""The routing table that the tests of the forwarders share, and forwarders with what Lambda gives them."""

from __future__ import annotations

import importlib
import os
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOURCE = str(Path(__file__).resolve().parents[3] / "lambda_src")
ACCOUNT = "123456789012"
ROUTING_KEY = "R0UT1NGK3Y0000000000000000000001"
CHANNELS = {
    "#critical-alerts": "ananta/slack-critical-webhook",
    "#platform-alerts": "ananta/slack-warnings-webhook",
    "#slo-alerts": "ananta/slack-slo-webhook",
    "#database-alerts": "ananta/slack-database-webhook",
    "#infrastructure-alerts": "ananta/slack-infrastructure-webhook",
    "#control-plane-alerts": "ananta/slack-control-plane-webhook",
    "#app-plane-alerts": "ananta/slack-app-plane-webhook",
}
ROUTING: list[dict[str, Any]] = [
    {
        "s": ["critical"],
        "t": "critical",
        "pd": "ananta/pagerduty-key",
        "sl": CHANNELS["#critical-alerts"],
        "ch": "#critical-alerts",
    },
    {"s": ["warning"], "t": "warning", "sl": CHANNELS["#platform-alerts"], "ch": "#platform-alerts"},
    {"s": ["info"], "t": "info", "sl": CHANNELS["#platform-alerts"], "ch": "#platform-alerts"},
    {"c": ["slo"], "t": "slo-team", "sl": CHANNELS["#slo-alerts"], "ch": "#slo-alerts"},
    {"c": ["database"], "t": "database-team", "sl": CHANNELS["#database-alerts"], "ch": "#database-alerts"},
    {
        "c": ["infrastructure", "monitoring"],
        "t": "infrastructure-team",
        "sl": CHANNELS["#infrastructure-alerts"],
        "ch": "#infrastructure-alerts",
    },
    {
        "p": ["control"],
        "t": "control-plane-team",
        "sl": CHANNELS["#control-plane-alerts"],
        "ch": "#control-plane-alerts",
    },
    {"p": ["app"], "t": "app-plane-team", "sl": CHANNELS["#app-plane-alerts"], "ch": "#app-plane-alerts"},
]
TOPIC_SEVERITIES = {
    "critical-alerts-topic": "critical",
    "warning-alerts-topic": "warning",
    "slo-violations-topic": "",
    "infrastructure-alerts-topic": "",
}


class Context:
    """Lambda's context of an invocation that has `seconds` left."""

    def __init__(self, seconds: float = 30.0) -> None:
        self._until = time.monotonic() + seconds
        self.invoked_function_arn = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:forwarder"
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self) -> int:
        return int((self._until - time.monotonic()) * 1000)


_environment: dict[str, str] = {}  # what the functions have been given last


class Forwarder:
    """One warm instance of a function: its memory lasts until `restart`."""

    def __init__(self, name: str, environment: Callable[[], dict[str, str]], folder: str = "") -> None:
        self.name = name
        self._environment = environment
        self._folder = folder  # where its code lies, when it is not the source
        self._handler: Callable[[Any, Any], Any]
        self.restart()

    def restart(self) -> None:
        """Another instance, which remembers nothing."""
        for module in [name for name in sys.modules if name.split(".")[0] in ("forwarder", self.name.split(".")[0])]:
            del sys.modules[module]
        sys.path.insert(0, self._folder or SOURCE)
        self._handler = importlib.import_module(self.name).lambda_handler
        sys.path.remove(self._folder or SOURCE)

    def receive(self, event: Any, seconds: float = 30.0) -> Any:
        """The function wakes for the event; what it raises is raised."""
        given = self._environment()
        if given != _environment:
            for name in _environment.keys() - given.keys():
                os.environ.pop(name, None)
            os.environ.update(given)
            _environment.clear()
            _environment.update(given)
        return self._handler(event, Context(seconds))
