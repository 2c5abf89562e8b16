"""A load balancer's SLO: what is counted, when each window burns, and when the alarm over the windows rings and ends.

CloudWatch's arithmetic is done by a small evaluator (metric_math.py) and compared with windows that are summed here.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plan.conftest import SMALL, Plan, Root
from tests.plan.metric_math import Value, breaches, evaluate, rings

SECONDS = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21600, "1d": 86400, "3d": 259200}
FAST = {"1h": 14.4, "5m": 14.4, "6h": 6, "30m": 6, "5m-still": 1}
SLOW = {"1d": 3, "2h": 3, "3d": 1, "6h": 1}
TARGET, OWN, OWN_503 = "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count"


def test_each_window_is_an_alarm_that_tells_nobody(watched: Plan) -> None:
    for speed, factors in (("fast", FAST), ("slow", SLOW)):
        for window, factor in factors.items():
            alarm = watched.alarms()[f"web-burning-{speed}-{window}"]
            periods = {query["metric"][0]["period"] for query in alarm["metric_query"] if query["metric"]}
            assert periods == {SECONDS[window.removesuffix("-still")]}
            assert (alarm["threshold"], alarm["evaluation_periods"], alarm["datapoints_to_alarm"]) == (factor, 1, 1)
            assert not watched.actions(f"web-burning-{speed}-{window}")["ALARM"]


def test_the_windows_keep_cloudwatchs_limits(watched: Plan) -> None:
    burning = [alarm for name, alarm in watched.alarms().items() if "-burning-" in name]
    assert len(burning) == 3 * 9
    for alarm in burning:
        metrics = [query["metric"][0] for query in alarm["metric_query"] if query["metric"]]
        expressions = [query["expression"] for query in alarm["metric_query"] if not query["metric"]]
        assert len(metrics) <= 10
        assert len(expressions) <= 10
        (period,) = {metric["period"] for metric in metrics}  # one period in one alarm
        assert period * alarm["evaluation_periods"] <= (86400 if period < 3600 else 604800)
        assert [query["return_data"] for query in alarm["metric_query"]].count(True) == 1
    for alarm in watched.alarms("composite").values():
        assert len(alarm["alarm_rule"]) <= 10240


def test_a_shorter_budget_burns_at_lower_factors(watched: Plan) -> None:
    assert watched.alarms()["api-burning-fast-5m"]["threshold"] == 13.44
    assert watched.alarms()["api-burning-slow-3d"]["threshold"] == 0.9333


def test_it_is_told_by_the_slo_topic_and_pages_where_the_catalogue_says_so(watched: Plan) -> None:
    told = {n: (a["severity"], a["topic"], a["told"]) for n, a in watched.outputs["alarms"].items() if "burning" in n}
    assert {name: labels for name, labels in told.items() if name.endswith(("fast", "slow"))} == {
        "web-burning-fast": ("critical", "slo", True),
        "web-burning-slow": ("warning", "slo", True),
        **{
            f"{name}-burning-{speed}": ("warning", "slo", True) for name in ("api", "new") for speed in ("fast", "slow")
        },
    }
    assert all(watched.actions(name)["ALARM"] for name in told if name.endswith(("fast", "slow")))


@pytest.mark.parametrize(
    ("balancer", "dimensions"),
    [
        ("web", {"LoadBalancer": "app/web/50dc6c495c0c9188"}),
        ("api", {"LoadBalancer": "app/web/50dc6c495c0c9188", "TargetGroup": "targetgroup/api/73e2d6bc24d8a067"}),
        ("new", {"LoadBalancer": "app/new/0000000000000000"}),
    ],
)
def test_it_counts_its_own_load_balancer_or_target_group(
    watched: Plan, balancer: str, dimensions: dict[str, str]
) -> None:
    queries = watched.alarms()[f"{balancer}-burning-fast-1h"]["metric_query"]
    metrics = {query["metric"][0]["metric_name"]: query["metric"][0] for query in queries if query["metric"]}
    assert all(metric["dimensions"] == dimensions for metric in metrics.values())
    assert all(metric["stat"] == "Sum" for metric in metrics.values())
    # What the load balancer answers by itself belongs to no target group.
    own = {OWN, OWN_503} if balancer != "api" else {"TargetConnectionErrorCount"}
    assert set(metrics) == {"RequestCount", TARGET} | own


SAME_APPLY = """
variable "platform" { type = any }
provider "aws" {}
resource "terraform_data" "balancer" {}
module "alerting" {
  source         = "../"
  platform       = var.platform
  cloudwatch     = { path_watch = { enabled = false } }
  load_balancers = {
    web = {
      load_balancer = { arn_suffix = terraform_data.balancer.id }
      target_group  = { arn_suffix = terraform_data.balancer.id }
    }
  }
}
output "alarms" { value = module.alerting.alarms }
"""


def test_a_load_balancer_may_be_made_in_the_same_apply(repository: Path, aws: str) -> None:
    root = repository / "same-apply"
    root.mkdir()
    (root / "main.tf").write_text(SAME_APPLY)
    balancer = {"web": {"plane": "shop", "objective": 99.9}}

    plan = Root(root, aws).plan(platform={**SMALL, "load_balancers": balancer})

    assert {"web-burning-fast", "web-burning-slow", "web-burning-fast-5m"} <= set(plan.outputs["alarms"])


WINDOWS: dict[str, tuple[str, dict[str, Value], float]] = {
    "a target fails at the objective's very share": ("web", {"RequestCount": 100_000, TARGET: 100}, 1),
    "at 1.44 % of the requests": ("web", {"RequestCount": 100_000, TARGET: 1440}, 14.4),
    "nobody is there: 503, and no request is counted": ("web", {OWN: 50, OWN_503: 50}, 1000),
    "half of the requests find no target": ("web", {"RequestCount": 100, OWN: 100, OWN_503: 100}, 500),
    "targets that do not answer: 504 is in both counts": ("web", {"RequestCount": 100, OWN: 10}, 100),
    "both answer with 5xx": ("web", {"RequestCount": 1000, TARGET: 6, OWN: 4}, 10),
    "all is well": ("web", {"RequestCount": 1000}, 0),
    "two failures at night are below this one's guard of three": ("web", {"RequestCount": 2, TARGET: 2}, 0),
    "three are not": ("web", {"RequestCount": 300, TARGET: 3}, 10),
    "more failures than requests count once": ("web", {"RequestCount": 5, TARGET: 8}, 1000),
    "a target group refuses connections": ("api", {"RequestCount": 200, "TargetConnectionErrorCount": 2}, 2),
    "a budget of five percent": ("new", {"RequestCount": 100, TARGET: 50}, 10),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_the_burn_rate_is_the_share_of_5xx_over_the_share_that_is_allowed(watched: Plan, case: str) -> None:
    balancer, counted, expected = WINDOWS[case]
    queries = watched.alarms()[f"{balancer}-burning-fast-5m"]["metric_query"]
    for fills_empty in (True, False):
        value = evaluate(queries, counted, fills_empty)
        # A series without any data may be filled or not: either way nothing burns where nothing failed.
        assert value == pytest.approx(expected) or (not fills_empty and expected == 0 and value is None)


def test_without_traffic_nothing_burns(watched: Plan) -> None:
    for name, alarm in watched.alarms().items():
        if "-burning-" in name:
            assert not breaches(alarm, {})
            assert not breaches(alarm, {}, fills_empty=False)


def rung(watched: Plan, speed: str, failing: Callable[[int], float], minutes: int) -> list[int]:
    """Minutes at which web's alarm is in ALARM: 100 requests a minute, `failing` says which share of them fails."""
    failed = [100 * failing(minute) for minute in range(minutes)]
    alarms = watched.alarms()
    windows = {name: alarms[name] for name in alarms if name.startswith(f"web-burning-{speed}-")}
    rule = watched.alarms("composite")[f"web-burning-{speed}"]["alarm_rule"]
    ringing = []
    sums = [0.0]
    for amount in failed:
        sums.append(sums[-1] + amount)
    for now in range(1, minutes + 1):
        state = {}
        for name, alarm in windows.items():
            since = max(0, now - SECONDS[name.removesuffix("-still").rsplit("-", 1)[1]] // 60)
            state[name] = breaches(alarm, {"RequestCount": 100.0 * (now - since), TARGET: sums[now] - sums[since]})
        if rings(rule, state):
            ringing.append(now)
    return ringing


HOUR = 60


def test_an_outage_pages_within_a_minute_and_ends_five_minutes_after_it(watched: Plan) -> None:
    # Six clean hours before, so that every window is full; all requests fail for ten minutes.
    ringing = rung(watched, "fast", lambda m: float(6 * HOUR <= m < 6 * HOUR + 10), 8 * HOUR)

    # 1.44 % of the last hour's 6000 requests are 86.4: the first minute's 100 are more.
    assert ringing[0] == 6 * HOUR + 1
    # Five clean minutes end both clauses: the 6h clause would go on until thirty are clean.
    assert ringing[-1] == 6 * HOUR + 10 + 4
    assert ringing == list(range(ringing[0], ringing[-1] + 1))


def test_what_is_too_short_for_the_budget_pages_nobody(watched: Plan) -> None:
    # Half of the requests of one minute: 0.83 % of the hour.
    assert rung(watched, "fast", lambda m: 0.5 * (m == 6 * HOUR), 8 * HOUR) == []


def test_one_percent_of_errors_pages_by_the_slower_clause(watched: Plan) -> None:
    # Burn 10: never above 14.4, and above 6 over six hours once 0.6 % of 360 minutes, 216 of them, have failed.
    ringing = rung(watched, "fast", lambda m: 0.01 * (m >= 6 * HOUR), 12 * HOUR)
    assert ringing[0] == 6 * HOUR + 217


def test_a_slow_burn_opens_a_ticket_and_no_page(watched: Plan) -> None:
    # 0.2 % is burn 2: above 1 over three days after a day and a half, never above 3 and never above 6.
    day = 24 * HOUR
    slow = rung(watched, "slow", lambda m: 0.002 * (m >= 3 * day), 5 * day)
    assert slow[0] == 3 * day + day * 3 // 2 + 1
    assert rung(watched, "fast", lambda m: 0.002 * (m >= 6 * HOUR), 24 * HOUR) == []
