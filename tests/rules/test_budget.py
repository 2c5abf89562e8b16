"""The error budget: its arithmetic, the tickets on slow burns, the warnings on what is left.

Scraped and evaluated every 4 minutes, the interval of the roll-ups, so that days pass quickly.
"""

from typing import Any

import pytest

from tests.harness import promtool
from tests.harness.traffic import Phase, counters

STEP_S = 240
HOURS = 60
DAYS = 24 * HOURS
SLO = '{plane="control",slo="control_plane"}'
RULES = {"slos.yml": ["slo-control_plane", "slo-control_plane-budget", "slo-budgets"], "critical.yml": ["budgets"]}
WARNING = {"severity": "warning", "category": "slo", "slo": "control_plane", "plane": "control"}
SLOW, LOW, CRITICAL = (
    {**WARNING, "alertname": name} for name in ("ErrorBudgetBurningSlow", "ErrorBudgetLow", "ErrorBudgetCriticallyLow")
)


def check(suite: str, rules: dict[str, promtool.Rules], phases: list[Phase], *checks: dict[str, Any]) -> None:
    series = counters(*phases, step_s=STEP_S)
    promtool.run(
        suite,
        promtool.select(rules, RULES),
        [{"input_series": series, "promql_expr_test": list(checks)}],
        f"{STEP_S}s",
    )


def at(minutes: float) -> str:
    return f"{round(minutes * 60)}s"


def value(expr: str, minutes: float, expected: float) -> dict[str, Any]:
    return {"expr": expr, "eval_time": at(minutes), "exp_samples": [{"labels": SLO, "value": expected}]}


@pytest.mark.parametrize(
    ("suite", "share", "quiet_h", "ticket_h"),
    [("bookworm", 0.005, 14.3, 14.6), ("forky", 0.005, 14.3, 14.6), ("bookworm", 0.002, 35.9, 36.5)],
)
def test_a_slow_burn_opens_a_ticket_in_time(
    suite: str, share: float, quiet_h: float, ticket_h: float, rules: dict[str, promtool.Rules]
) -> None:
    only = 'alertname="ErrorBudgetBurningSlow"'
    check(
        suite,
        rules,
        [Phase(3 * DAYS), Phase(ticket_h * HOURS + 60, share)],
        promtool.firing(at(3 * DAYS + quiet_h * HOURS), [], only),
        promtool.firing(at(3 * DAYS + ticket_h * HOURS), [SLOW], only),
    )


def test_a_slow_burn_that_has_ended_closes_its_ticket(rules: dict[str, promtool.Rules]) -> None:
    only = 'alertname="ErrorBudgetBurningSlow"'
    check(
        "bookworm",
        rules,
        [Phase(3 * DAYS), Phase(15 * HOURS, 0.005), Phase(7 * HOURS)],
        promtool.firing(at(3 * DAYS + 15 * HOURS), [SLOW], only),
        promtool.firing(at(3 * DAYS + 21.2 * HOURS), [], only),
    )


@pytest.mark.parametrize("suite", promtool.SUITES)
def test_the_budget_is_what_the_objective_leaves(suite: str, rules: dict[str, promtool.Rules]) -> None:
    """99.92 % available of 99.9 % wanted: four fifths of 43.2 minutes are gone, a fifth is left."""
    prefix = "slo:control_plane"
    check(
        suite,
        rules,
        [Phase(1 * DAYS, 0.0008)],
        value(f"round({prefix}:availability:ratio_30d, 0.000001)", 1 * DAYS, 0.9992),
        value(f"round({prefix}:error_budget:remaining, 0.0001)", 1 * DAYS, 0.2),
        value(f"round({prefix}:error_budget:consumed_minutes, 0.01)", 1 * DAYS, 34.56),
        value(f"round({prefix}:error_budget:burn_rate_1h, 0.0001)", 1 * DAYS, 0.8),
        value(f"round({prefix}:error_budget:seconds_to_exhaustion / 86400, 0.001)", 1 * DAYS, 7.5),  # 0.2 × 30 d / 0.8
        value(f"round({prefix}:error_budget:minutes, 0.1)", 1 * DAYS, 43.2),
        value(f"round({prefix}:objective:ratio, 0.001)", 1 * DAYS, 0.999),
    )


def test_quiet_hours_weigh_as_little_as_they_serve(rules: dict[str, promtool.Rules]) -> None:
    """An hour with a hundredth of the traffic fails altogether; an average of ratios would call that 4 % of the day."""
    day = [Phase(23 * HOURS), Phase(1 * HOURS, 1, 10), Phase(8)]
    share = 15 * 10 / (345 * 1000 + 15 * 10 + 1000)
    check(
        "bookworm",
        rules,
        day,
        value(f"round((1 - slo:control_plane:availability:ratio_1d) / {share}, 0.01)", 24 * HOURS + 4, 1),
    )


def test_a_low_budget_warns_and_a_budget_that_recovers_is_quiet(rules: dict[str, promtool.Rules]) -> None:
    only = 'alertname=~"ErrorBudget.*Low"'
    check(
        "bookworm",
        rules,
        [Phase(1 * DAYS, 0.00074), Phase(4 * HOURS, 0.0009), Phase(1 * DAYS, 0.001), Phase(2 * DAYS)],
        promtool.firing(at(1 * DAYS), [], only),
        promtool.firing(at(1 * DAYS + 6 * HOURS), [LOW], only),
        promtool.firing(at(2 * DAYS + 5 * HOURS), [LOW], only),
        promtool.firing(at(4 * DAYS + 4 * HOURS), [], only),
    )


def test_a_spent_budget_is_critically_low(rules: dict[str, promtool.Rules]) -> None:
    only = 'alertname=~"ErrorBudget.*Low"'
    check(
        "bookworm",
        rules,
        [Phase(1 * DAYS, 0.00089), Phase(4 * HOURS, 0.002), Phase(1 * DAYS)],
        promtool.firing(at(1 * DAYS), [LOW], only),
        promtool.firing(at(1 * DAYS + 4 * HOURS), [LOW, CRITICAL], only),
        promtool.firing(at(2 * DAYS + 4 * HOURS), [], only),
    )


def test_one_bad_event_alone_opens_no_ticket(rules: dict[str, promtool.Rules]) -> None:
    night = Phase(2 * DAYS, 0, 0.5)
    check(
        "bookworm",
        rules,
        [night, Phase(4, 1, 1), night],
        promtool.never_fired(at(4 * DAYS), "ErrorBudgetBurningSlow"),
    )
