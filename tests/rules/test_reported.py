"""What went wrong for others with rules like these, tried on ours."""

from typing import Any

import pytest

from tests.harness import paths, promtool
from tests.harness.render import render

HERE = paths.ROOT / "tests/rules"
CNS = 'job="app-plane-cns-service",plane="app",service="cns-service"'
PAGE = {
    "alertname": "ErrorBudgetBurningFast",
    "severity": "critical",
    "category": "slo",
    "slo": "idle",
    "plane": "app",
    "service": "cns-service",
}
MISSING = {**PAGE, "alertname": "SLIMissing", "severity": "warning"}


@pytest.fixture(scope="module")
def lab() -> dict[str, promtool.Rules]:
    return promtool.parse(render(paths.ROOT / "examples/minimal", catalogue=HERE / "platform.yaml").files)


def check(
    suite: str, lab: dict[str, promtool.Rules], groups: list[str], series: dict[str, str], *checks: dict[str, Any]
) -> None:
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    promtool.run(
        suite, promtool.select(lab, {"slos.yml": groups}), [{"input_series": inputs, "promql_expr_test": list(checks)}]
    )


def value(expr: str, at: str, labels: str, number: float) -> dict[str, Any]:
    millionths = round(number * 1e6)
    return {"expr": f"round({expr} * 1e6)", "eval_time": at, "exp_samples": [{"labels": labels, "value": millionths}]}


def nothing(expr: str, at: str) -> dict[str, Any]:
    return {"expr": expr, "eval_time": at, "exp_samples": []}


IDLE = {
    f'up{{{CNS},instance="a"}}': "1x240",
    f'http_requests_total{{{CNS},instance="a",status="200"}}': "_x119 1x3 2x3 3x3 4x3 5x3 6x3 7x3 8x3",
}


@pytest.mark.parametrize("suite", promtool.SUITES)
def test_a_service_that_is_idle_after_a_restart_warns_once_and_pages_nobody(
    suite: str, lab: dict[str, promtool.Rules]
) -> None:
    check(
        suite,
        lab,
        ["slo-idle*"],
        IDLE,
        promtool.firing("6m", [MISSING]),
        promtool.firing("28m", [MISSING]),
        promtool.firing("31m", []),
        promtool.never_fired("37m", PAGE["alertname"]),
        value("slo:idle:error_budget:remaining", "29m", '{plane="app",service="cns-service",slo="idle"}', 1),
        value("slo:idle:error_budget:burn_rate_1h", "29m", '{plane="app",service="cns-service",slo="idle"}', 0),
    )


def test_the_warning_of_an_idle_service_says_that_it_is_idle_and_up(lab: dict[str, promtool.Rules]) -> None:
    (rule,) = (
        rule
        for group in lab["slos.yml"]["groups"]
        for rule in group["rules"]
        if rule.get("alert") == "SLIMissing" and rule["labels"]["slo"] == "idle"
    )
    assert "No requests seen" in rule["annotations"]["description"]
    assert "Targets up:" in rule["annotations"]["description"]


def test_an_outage_right_after_an_idle_night_still_pages(lab: dict[str, promtool.Rules]) -> None:
    series = {**IDLE, f'http_requests_total{{{CNS},instance="a",status="500"}}': "_x119 0+100x40"}
    check("bookworm", lab, ["slo-idle"], series, promtool.firing("31m", [PAGE]))


@pytest.mark.parametrize("suite", promtool.SUITES)
def test_good_events_beyond_the_total_are_no_credit(suite: str, lab: dict[str, promtool.Rules]) -> None:
    labels = '{plane="app",service="cns-service",slo="orders"}'
    check(
        suite,
        lab,
        ["slo-orders*"],
        {
            'orders_good_total{plane="app",service="cns-service"}': "0+20x480 9600x20",
            'orders_total{plane="app",service="cns-service"}': "0+10x500",
        },
        value("slo:orders:availability:ratio_1h", "2h", labels, 1),
        value("slo:orders:error_budget:remaining", "2h", labels, 1),
        value("slo:orders:error_budget:burn_rate_1h", "2h", labels, 0),
        value("slo:orders:availability:ratio_5m", "2h5m", labels, 0),
    )


@pytest.mark.parametrize("suite", promtool.SUITES)
def test_probes_that_were_not_made_cost_no_budget(suite: str, lab: dict[str, promtool.Rules]) -> None:
    labels = '{plane="app",service="redis",slo="redis"}'
    check(
        suite,
        lab,
        ["slo-redis*"],
        {
            'probe_success{job="blackbox-tcp",plane="app",service="redis",probe="health",instance="redis:6379"}': (
                "1x8 _ 1x8 _ 1x8 _ 1x8 _x9 1x8 _ 1x8 _ 1x8 _ 1x60"
            )
        },
        value("slo:redis:error_budget:consumed_minutes", "30m", labels, 0),
        value("slo:redis:error_budget:remaining", "30m", labels, 1),
        value("slo:redis:availability:ratio_28d", "30m", labels, 1),
        nothing("count_over_time(ALERTS[1h])", "30m"),
    )


@pytest.mark.parametrize("suite", promtool.SUITES)
def test_a_bucket_is_found_however_it_is_written_and_told_of_when_it_is_not_there(
    suite: str, lab: dict[str, promtool.Rules]
) -> None:
    bucket = 'http_request_duration_seconds_bucket{{service="{}",plane="app",le="{}"}}'
    series = {
        bucket.format("a", "1"): "0+9x240",
        bucket.format("a", "+Inf"): "0+10x240",
        bucket.format("b", "1.0"): "0+9x240",
        bucket.format("b", "+Inf"): "0+10x240",
        bucket.format("c", "0.25"): "0+9x240",
        bucket.format("c", "0.5"): "0+10x240",
        bucket.format("c", "+Inf"): "0+10x240",
        **{f'http_requests_total{{service="{s}",plane="app",status="200"}}': "0+10x240" for s in "abc"},
    }
    missing = {**MISSING, "slo": "c", "service": "c"}
    check(
        suite,
        lab,
        ["slo-[abc]-details"],
        series,
        value("slo:a:latency:good_ratio_5m", "20m", '{plane="app",service="a",slo="a"}', 0.9),
        value("slo:b:latency:good_ratio_5m", "20m", '{plane="app",service="b",slo="b"}', 0.9),
        nothing("slo:c:latency:good_ratio_5m", "20m"),
        promtool.firing("20m", [missing], 'alertname="SLIMissing"'),
    )


@pytest.mark.parametrize("suite", promtool.SUITES)
def test_a_service_that_is_down_pages_once(suite: str, lab: dict[str, promtool.Rules]) -> None:
    """Its burn rate is above the threshold a moment earlier than its Down alert: it waits while the service is down."""
    series = {
        'platform:service:down{plane="app",service="cns-service"}': "_x100 1x20 stale _x20",
        f'http_requests_total{{{CNS},instance="a",status="200"}}': "0+10x100 1000x40",
        f'http_requests_total{{{CNS},instance="a",status="500"}}': "0x0 0+0x99 0+10x40",
    }
    check(
        suite,
        lab,
        ["slo-idle"],
        series,
        promtool.firing("27m", []),
        promtool.firing("29m45s", []),
        promtool.firing("30m30s", [PAGE]),
    )


def test_an_objective_that_allows_for_much_still_pages_when_all_fails(lab: dict[str, promtool.Rules]) -> None:
    """Nothing burns a budget of 10 % 14.4 times too fast: it pages when nine of ten requests have failed."""
    page = {**PAGE, "slo": "lenient", "service": "b"}
    target = 'job="b",plane="app",service="b",instance="b"'
    series = {
        f'http_requests_total{{{target},status="200"}}': "0+100x480 48000x240",
        f'http_requests_total{{{target},status="500"}}': "0x480 0+100x240",
    }
    check("bookworm", lab, ["slo-lenient"], series, promtool.firing("2h54m", []), promtool.firing("2h54m15s", [page]))
