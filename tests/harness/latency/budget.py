"""The worst case of a page by the configured numbers."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import yaml

from tests.harness.history import seconds

Kind = Literal["kill", "hang"]

KINDS: Mapping[Kind, str] = {"kill": "connections are refused", "hang": "it hangs"}


class Budget(NamedTuple):
    """The worst case by the configured numbers, in seconds."""

    scrape_interval: float
    scrape_timeout: float
    evaluation_interval: float
    hold: float
    group_wait: float
    delivery: float = 5.0  # Alertmanager's own work and PagerDuty's answer

    def worst(self, kind: Kind) -> float:
        waits = self.scrape_interval + self.evaluation_interval + self.hold + self.group_wait + self.delivery
        return waits + (self.scrape_timeout if kind == "hang" else 0)


def budget(files: Mapping[str, str]) -> Budget:
    """Read off a rendered release."""
    prometheus = yaml.safe_load(files["prometheus/prometheus.yml"])["global"]
    groups = yaml.safe_load(files["prometheus/rules/critical.yml"])["groups"]
    group, hold = next((g, r["for"]) for g in groups for r in g["rules"] if r.get("alert") == "ServiceDown")
    root = yaml.safe_load(files["alertmanager/alertmanager-production.yml"])["route"]
    page = next((route for route in root["routes"] if route["receiver"] == "pagerduty-critical"), root)
    numbers = (
        prometheus["scrape_interval"],
        prometheus["scrape_timeout"],
        group.get("interval", prometheus["evaluation_interval"]),
        hold,
        page.get("group_wait", root["group_wait"]),
    )
    return Budget(*(seconds(number) for number in numbers))


def explain(limit: Budget) -> str:
    """The sum behind the worst case, part by part."""
    parts = {
        "until the next scrape": limit.scrape_interval,
        "until the next evaluation": limit.evaluation_interval,
        "ServiceDown holds": limit.hold,
        "group_wait of pages": limit.group_wait,
        "delivery": limit.delivery,
    }
    lines = [f"  {name:<42}{value:>6.0f} s" for name, value in parts.items()]
    lines.append(f"  {'worst case when connections are refused':<42}{limit.worst('kill'):>6.0f} s")
    lines.append(f"  {'scrape timeout, when it hangs':<42}{limit.scrape_timeout:>6.0f} s")
    lines.append(f"  {'worst case when it hangs':<42}{limit.worst('hang'):>6.0f} s")
    return "\n".join(lines)
