"""Whom the forwarders tell of each alarm that a plan makes: its descriptions, read by the forwarders' own code."""

import json
import sys

import pytest

from tests.harness import paths
from tests.plan.conftest import Plan
from tests.plan.test_email import messages
from tests.plan.test_forwarders import functions, variables

sys.path.insert(0, str(paths.ROOT / "lambda_src"))

from forwarder.notification import Record
from forwarder.parse import parse
from forwarder.route import pagerduty_keys, slack_channels
from forwarder.settings import settings

PAGE = "shop/pagerduty-key"
DATA, SLO, PAGES, SHOP, INFO = "#shop-data", "#shop-slo", "#shop-pages", "#shop-alerts", "#shop-info"
# Alarm → the Slack channels, and whether PagerDuty opens an incident.
TOLD = {
    "plain-cpu-high": ([DATA], False),
    "db-cpu-high-critical": ([DATA, PAGES], True),
    "db-read-latency-high": ([INFO], False),
    "plain-symptoms": ([DATA], False),
    "db-symptoms-critical": ([DATA, PAGES], True),
    "paging-connections-high": ([DATA, PAGES], True),
    "web-burning-fast": ([SLO, PAGES], True),
    "web-burning-slow": ([SLO], False),
    "api-burning-fast": ([SLO], False),
    "web-cpu-high": ([SHOP], False),
    "redis-memory-high": ([SHOP], False),
}


@pytest.mark.parametrize("name", TOLD)
def test_each_kind_of_alarm_reaches_its_channels_and_pages_only_as_its_description_says(
    watched: Plan, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = {
        "critical": "shop-critical-alerts-topic",
        "warning": "shop-warning-alerts-topic",
        "slo": "shop-slo-violations-topic",
        "infrastructure": "shop-infrastructure-alerts-topic",
    }[watched.outputs["alarms"][name]["topic"]]
    description = {**watched.alarms(), **watched.alarms("composite")}[name]["alarm_description"]
    channels, pages = TOLD[name]

    for message in messages(name, description):
        record = Record(message=json.dumps(message), topic=topic)
        for function, expected in (("slack-forwarder", channels), ("pagerduty-forwarder", [PAGE] if pages else [])):
            for key, value in variables(functions(watched)[function]).items():
                monkeypatch.setenv(key, value)
            (note,) = parse(record, settings())
            if function == "slack-forwarder":
                assert [one.label for one in slack_channels(note, settings().rows)] == expected
            else:
                assert [one.secret for one in pagerduty_keys(note, settings().rows)] == expected
            assert dict(note.links)["Runbook"].startswith("https://runbooks.example.com/")
