"""A database's symptoms keep quiet while their cause is told, where that is wanted, and nothing is lost by it."""

import re
from typing import Any

from tests.plan.conftest import Plan

LONGEST_RULE = 10240  # characters, by CloudWatch


def rule(alarm: dict[str, Any]) -> set[str]:
    """The alarms of a rule that rings when one of them does."""
    text: str = alarm["alarm_rule"]
    assert re.fullmatch(r'ALARM\("[^"]+"\)( OR ALARM\("[^"]+"\))*', text)
    assert len(text) <= LONGEST_RULE
    return set(re.findall(r'ALARM\("([^"]+)"\)', text))


def test_off_by_default_each_symptom_tells_itself(ananta: Plan) -> None:
    assert not ananta.of_type("aws_cloudwatch_composite_alarm")
    assert all(ananta.actions(name)["ALARM"] for name in ananta.alarms())
    assert "not told" not in ananta.alarms()["control-plane-db-cpu-high"]["alarm_description"]


def test_one_alarm_stands_over_the_symptoms_of_each_severity(watched: Plan) -> None:
    over = {name: rule(a) for name, a in watched.alarms("composite").items() if "-symptoms" in name}
    assert over == {
        "plain-symptoms": {"plain-connections-high"},
        "db-symptoms": {"db-connections-high", "db-replica-lag-high"},
        "db-symptoms-critical": {"db-connections-high-critical"},
    }
    told = watched.outputs["alarms"]
    assert (told["db-symptoms"]["severity"], told["db-symptoms"]["topic"]) == ("warning", "warning")
    assert (told["db-symptoms-critical"]["severity"], told["db-symptoms-critical"]["topic"]) == ("critical", "critical")


def test_its_cause_keeps_it_quiet_and_a_warning_never_keeps_a_page_quiet(watched: Plan) -> None:
    composites = watched.alarms("composite")
    suppressors = {name: a["actions_suppressor"][0] for name, a in composites.items() if a["actions_suppressor"]}

    assert {name: one["alarm"] for name, one in suppressors.items()} == {
        "plain-symptoms": "plain-cpu-high",
        "db-symptoms": "db-causes",
        "db-symptoms-critical": "db-cpu-high-critical",
    }
    assert rule(composites["db-causes"]) == {"db-cpu-high", "db-cpu-high-critical", "db-memory-low"}
    for one in suppressors.values():
        assert (one["wait_period"], one["extension_period"]) == (180, 180)


def test_what_an_alarm_over_it_tells_tells_nobody_by_itself(watched: Plan) -> None:
    silent = {name for name in watched.outputs["alarms"] if not watched.actions(name)["ALARM"]}
    databases = {name for name in silent if "-burning-" not in name}

    assert databases == {
        "plain-connections-high",
        *("db-connections-high", "db-replica-lag-high", "db-connections-high-critical", "db-causes"),
    }
    for name in watched.outputs["alarms"]:
        told = watched.actions(name)
        assert told["ALARM"] == told["OK"]


def test_a_symptom_that_no_cause_can_explain_keeps_its_voice(watched: Plan) -> None:
    # A page without a cause that pages, a database without a cause, a severity that is no warning.
    for name in ("paging-connections-high", "causeless-connections-high", "db-read-latency-high"):
        assert watched.actions(name)["ALARM"], name
    # And what runs out by itself is no symptom of a busy machine.
    assert watched.actions("db-storage-low")["ALARM"]
    assert "calm-symptoms" not in watched.alarms("composite")


def test_both_sides_say_what_is_quiet(watched: Plan) -> None:
    cause = watched.alarms()["db-cpu-high"]["alarm_description"]
    assert "While it lasts these are not told: db-connections-high, db-replica-lag-high." in cause
    symptoms = watched.alarms("composite")["db-symptoms"]["alarm_description"]
    assert "Quiet while db-cpu-high or db-cpu-high-critical or db-memory-low is in ALARM" in symptoms
    assert "Runbook: https://runbooks.example.com/database-symptoms" in symptoms
