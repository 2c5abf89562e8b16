"""No alert without a test that sees it fire."""

from tests.harness import promtool
from tests.rules import test_budget, test_detection
from tests.rules.test_cases import CASES, load

IN_PYTHON = {
    test_detection.ALERT,
    *(alert["alertname"] for alert in (test_budget.SLOW, test_budget.LOW, test_budget.CRITICAL)),
}


def test_every_alert_fires_in_some_test(rules: dict[str, promtool.Rules]) -> None:
    seen = {
        (alert["alertname"], alert["severity"])
        for path in CASES
        for test in load(path)["tests"]
        for alerts in test.get("firing", {}).values()
        for alert in alerts
    }
    wanted = {
        (rule["alert"], rule["labels"]["severity"])
        for content in rules.values()
        for group in content["groups"]
        for rule in group["rules"]
        if "alert" in rule and rule["alert"] not in IN_PYTHON
    }
    assert sorted(wanted - seen) == []
