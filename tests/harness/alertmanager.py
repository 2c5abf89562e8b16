"""A small client of a running Alertmanager."""

import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.harness.errors import HarnessError
from tests.harness.prometheus import HttpApi


def timestamp(at: float) -> str:
    """Unix seconds as the API wants them."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Alertmanager(HttpApi):
    """`url` is its address without a path."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "Alertmanager")

    def alerts(self, **filters: bool) -> list[dict[str, Any]]:
        """Alerts with labels, annotations, receivers, status; `filters`: active, silenced, inhibited, unprocessed."""
        query = urllib.parse.urlencode({name: str(value).lower() for name, value in filters.items()})
        alerts: list[dict[str, Any]] = self.request("GET", f"/api/v2/alerts?{query}")
        return alerts

    def inhibited(self) -> list[str]:
        """Names of the alerts that others quiet, sorted, each once."""
        return sorted({alert["labels"]["alertname"] for alert in self.alerts() if alert["status"]["inhibitedBy"]})

    def groups(self) -> list[dict[str, Any]]:
        """Alert groups: labels, receiver, alerts."""
        groups: list[dict[str, Any]] = self.request("GET", "/api/v2/alerts/groups")
        return groups

    def post(
        self, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None, *, starts: float | None = None,
        ends: float | None = None, generator: str = "",
    ) -> None:  # fmt: skip
        """Tell it of one alert. `starts` is now by default (an older skips group_wait); `ends` in the past resolves."""
        alert = {
            "labels": dict(labels),
            "annotations": dict(annotations or {}),
            "startsAt": timestamp(time.time() if starts is None else starts),
            "generatorURL": generator,
            **({"endsAt": timestamp(ends)} if ends is not None else {}),
        }
        self.request("POST", "/api/v2/alerts", [alert])

    def silence(self, matchers: Mapping[str, str], duration_s: float, comment: str = "test") -> str:
        """Silence alerts whose labels equal `matchers`; returns the silence's id."""
        now = time.time()
        body = {
            "matchers": [
                {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in matchers.items()
            ],
            "startsAt": timestamp(now),
            "endsAt": timestamp(now + duration_s),
            "createdBy": "harness",
            "comment": comment,
        }
        return str(self.request("POST", "/api/v2/silences", body)["silenceID"])

    def silences(self) -> list[dict[str, Any]]:
        """All silences, the ended ones too."""
        silences: list[dict[str, Any]] = self.request("GET", "/api/v2/silences")
        return silences

    def expire(self, silence: str) -> None:
        """End a silence now."""
        self.request("DELETE", f"/api/v2/silence/{silence}")

    def receivers(self) -> list[str]:
        """Names of the receivers, as configured."""
        return [receiver["name"] for receiver in self.request("GET", "/api/v2/receivers")]

    def config(self) -> str:
        """The configuration that is loaded, as YAML, secrets left out."""
        return str(self.request("GET", "/api/v2/status")["config"]["original"])

    def wait_for(
        self, holds: Callable[[Sequence[Mapping[str, Any]]], bool], what: str, timeout_s: float = 30.0
    ) -> list[dict[str, Any]]:
        """Poll the alerts until `holds` is true of them; returns them. HarnessError names `what` after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not holds(alerts := self.alerts()):
            if time.monotonic() > deadline:
                names = sorted(alert["labels"].get("alertname", "?") for alert in alerts)
                raise HarnessError(f"{what}: not after {timeout_s:.0f} s; it holds {', '.join(names) or 'no alert'}")
            time.sleep(0.2)
        return alerts
