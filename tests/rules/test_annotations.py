"""What the alerts say when they fire: every template can be expanded, and the value is in the text."""

import re
from typing import Any

import pytest

from tests.harness import promtool
from tests.rules.test_cases import CASES, load, needed, promtool_tests

# Promtool prints an alert's annotations only when it expected another one.
NOBODY = [{"exp_labels": {"nobody": "expects this"}}]
SAID = re.compile(r"Labels:(\{.*\})\s+Annotations:(\{.*\})")


def asked(test: dict[str, Any], firing: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """The test, asking what each alert says at the first moment that it fires in."""
    first: dict[str, str] = {}
    for moment, alerts in firing.items():
        for alert in alerts:
            first.setdefault(alert["alertname"], moment)
    questions = [{"eval_time": at, "alertname": name, "exp_alerts": NOBODY} for name, at in first.items()]
    return {**{key: test[key] for key in ("name", "interval", "input_series")}, "alert_rule_test": questions}


@pytest.fixture(scope="module")
def said(rules: dict[str, promtool.Rules]) -> list[tuple[str, str]]:
    """(labels, annotations) of every alert that fires in a case."""
    found: list[tuple[str, str]] = []
    for path in CASES:
        case = load(path)
        tests = [
            asked(test, raw.get("firing", {})) for test, raw in zip(promtool_tests(case), case["tests"], strict=True)
        ]
        with pytest.raises(AssertionError) as report:
            promtool.run("bookworm", needed(rules, case), [test for test in tests if test["alert_rule_test"]])
        found += [match.groups() for match in SAID.finditer(str(report.value)) if "nobody" not in match[1]]  # type: ignore[misc]
    return found


@pytest.mark.parametrize("suite", promtool.SUITES)
def test_no_template_needs_a_label_or_a_series(suite: str, rules: dict[str, promtool.Rules]) -> None:
    """Every alert's annotations, asked of an alert that has no label but its name, with nothing in the database."""
    bare = [
        {"alert": f"{rule['alert']}{number}", "expr": "vector(1)", "annotations": rule["annotations"]}
        for number, rule in enumerate(alert_rules(rules))
    ]
    names = [rule["alert"] for rule in bare]
    questions = [{"eval_time": "1m", "alertname": name, "exp_alerts": NOBODY} for name in names]
    with pytest.raises(AssertionError) as report:
        promtool.run(
            suite, {"bare.yml": {"groups": [{"name": "bare", "rules": bare}]}}, [{"alert_rule_test": questions}]
        )
    texts = [annotations for labels, annotations in SAID.findall(str(report.value)) if "nobody" not in labels]
    assert len(texts) == len(names)
    assert [text for text in texts if broken(text)] == []


def alert_rules(rules: dict[str, promtool.Rules]) -> list[dict[str, Any]]:
    return [
        rule for content in rules.values() for group in content["groups"] for rule in group["rules"] if "alert" in rule
    ]


def broken(text: str) -> bool:
    return any(sign in text for sign in ("error expanding", "error executing", "<no value>", "%!"))


def text_of(said: list[tuple[str, str]], alert: str) -> str:
    return "\n".join(text for labels, text in said if f'alertname="{alert}"' in labels)


def test_every_template_can_be_expanded(said: list[tuple[str, str]]) -> None:
    assert len(said) > 50
    assert [text for _, text in said if broken(text)] == []


@pytest.mark.parametrize(
    ("alert", "needed"),
    [
        ("ServiceDown", ["cns-service is down", "Replicas that answer their scrape: 0", "First probe: fails at h"]),
        ("MultipleServicesDown", ["3 services of the plane control", "orchestrator", "temporal", "temporal-workers"]),
        ("DatabaseDown", ["supabase-db", "targets that fail: d"]),
        ("HighErrorRate", ["2% of the requests"]),
        ("ExtremelyHighLatency", ["The 99th percentile", "7.5s"]),
        ("DatabaseConnectionPoolExhausted", ["91% of the connections"]),
        ("DatabaseReplicationLagHigh", ["5m 1s behind"]),
        ("RedisMemoryCritical", ["96% of its memory limit"]),
        ("RabbitMQQueueDepthCritical", ["10k messages"]),
        ("DiskSpaceCritical", ["91% of the space", "host /data"]),
        ("SLOLatencyHigh", ["the objective is 0.5 s"]),
        ("SLIMissing", ["No probes seen", "Targets up: none"]),
        ("CNSSupplierAPIFailing", ["94% of the supplier calls"]),
        ("AlertmanagerNotificationsFailing", ["by slack failed", "by pagerduty failed"]),
        ("DiskPredictedToFill", ["would be left in 24 hours"]),
    ],
)
def test_the_value_is_in_the_text(alert: str, needed: list[str], said: list[tuple[str, str]]) -> None:
    text = text_of(said, alert)
    assert [words for words in needed if words not in text] == [], text
