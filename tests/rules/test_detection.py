"""The detection contract of a 99.9 % SLO: when a steady share of errors pages, when the page ends, what never pages.

Counters are scraped and rules evaluated every 15 s; all is well for 6 hours, then errors begin right after a scrape,
at minute 0. The whole table runs with the oldest suite, one row of each kind with the others: they differ in windows
and staleness only.
"""

from typing import Any

import pytest

from tests.harness import promtool
from tests.harness.traffic import Phase, counters

STEP_S = 15
ALERT = "ErrorBudgetBurningFast"
PAGING = {"slos.yml": ["slo-control_plane"]}
REPLICA = 'job="control-plane-orchestrator",plane="control",service="orchestrator",instance="{}",status="200"'
PAGE = {"alertname": ALERT, "severity": "critical", "category": "slo", "slo": "control_plane", "plane": "control"}
ONLY = f'alertname="{ALERT}"'


WELL = Phase(360)


def at(minute: float) -> str:
    """The moment `minute` minutes after the errors began."""
    return f"{round((WELL.minutes + minute) * 60)}s"


def paged(minute: float) -> dict[str, Any]:
    return promtool.firing(at(minute), [PAGE], ONLY)


def quiet(minute: float) -> dict[str, Any]:
    return promtool.firing(at(minute), [], ONLY)


def check(suite: str, rules: dict[str, promtool.Rules], series: list[dict[str, str]], *checks: dict[str, Any]) -> None:
    promtool.run(suite, promtool.select(rules, PAGING), [{"input_series": series, "promql_expr_test": list(checks)}])


def rows(*table: tuple[Any, ...]) -> pytest.MarkDecorator:
    """Each row with the oldest suite, the first also with the others."""
    runs = [
        (suite, *row) for i, row in enumerate(table) for suite in (promtool.SUITES if i == 0 else promtool.SUITES[:1])
    ]
    return pytest.mark.parametrize("row", runs, ids=lambda run: " ".join(str(part) for part in run))


@rows((1.0, 1.0), (0.1, 8.75), (0.02, 43.25), (0.01, 216.0))
def test_errors_page_at_the_promised_minute_and_not_before(
    row: tuple[str, float, float], rules: dict[str, promtool.Rules]
) -> None:
    suite, share, minute = row
    check(suite, rules, counters(WELL, Phase(minute + 1, share)), quiet(minute - STEP_S / 60), paged(minute))


@rows(("traffic returns", Phase(10)), ("traffic stops", Phase(10, 0, 0)))
def test_a_page_ends_within_five_minutes_of_the_outage(
    row: tuple[str, str, Phase], rules: dict[str, promtool.Rules]
) -> None:
    suite, _, after = row
    check(suite, rules, counters(WELL, Phase(10, 1), after), paged(10), quiet(15), quiet(20))


def test_a_page_ends_when_the_failing_targets_vanish(rules: dict[str, promtool.Rules]) -> None:
    series = [{**s, "values": f"{s['values']} stale"} for s in counters(WELL, Phase(10, 1))]
    check("bookworm", rules, series, paged(10), quiet(15), quiet(20))


def test_only_errors_after_a_restart_page_within_90_seconds(rules: dict[str, promtool.Rules]) -> None:
    good, bad = counters(WELL)
    restarted = [
        {**good, "values": f"{good['values']} stale"},
        {**bad, "values": f"_x{round(WELL.minutes * 4)} 900+1000x20"},
    ]
    check("bookworm", rules, restarted, paged(1.5))


@rows(
    ("everything for 30 s", Phase(0.5, 1)),
    ("10 % for 5 min", Phase(5, 0.1)),
    ("2 % for 30 min", Phase(30, 0.02)),
    ("0.5 % for 1 h", Phase(60, 0.005)),
    ("an idle hour", Phase(60, 0, 0)),
)
def test_what_the_budget_bears_pages_nobody(row: tuple[str, str, Phase], rules: dict[str, promtool.Rules]) -> None:
    suite, _, phase = row
    check(suite, rules, counters(WELL, phase, Phase(20)), promtool.never_fired(at(phase.minutes + 20), ALERT))


@pytest.mark.parametrize("an_hour", [12, 60, 240])
def test_one_failed_request_at_night_pages_nobody(an_hour: int, rules: dict[str, promtool.Rules]) -> None:
    night = WELL._replace(requests=an_hour / 240)
    one = [Phase(0.25, 1, 1), Phase(60, 0, an_hour / 240)]
    check("bookworm", rules, counters(night, *one), promtool.never_fired(at(60), ALERT))


def test_a_deployment_that_restarts_every_replica_pages_nobody(rules: dict[str, promtool.Rules]) -> None:
    series = [
        {
            "series": f"http_requests_total{{{REPLICA.format(name)}}}",
            "values": f"0+100x{1440 + 20 * i} _x3 0+100x{200 - 20 * i}",
        }
        for i, name in enumerate("abc")
    ]
    check("bookworm", rules, series, promtool.never_fired(at(40), ALERT))


def test_the_documents_own_example_pages(rules: dict[str, promtool.Rules]) -> None:
    """1 h burn 15.2 and 6 h burn 7.1 for more than 15 minutes, at one request a second."""
    phases = [Phase(240, 0, 15), Phase(120, 0.0137, 15), Phase(60, 0.0152, 15)]
    moment = f"{420 * 60}s"
    burns = [
        {
            "expr": f"round(slo:control_plane:error_budget:burn_rate_{window}, 0.1)",
            "eval_time": moment,
            "exp_samples": [sample],
        }
        for window, sample in {
            "1h": {"labels": '{plane="control",slo="control_plane"}', "value": 15.2},
            "6h": {"labels": '{plane="control",slo="control_plane"}', "value": 7.1},
        }.items()
    ]
    check("bookworm", rules, counters(*phases), *burns, promtool.firing(moment, [PAGE], ONLY))
