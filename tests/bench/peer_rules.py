"""Rules of the shape that the common SLO generators give, to measure ours beside.

Per SLO: the error ratio of seven windows straight from the counters, that of 30 days as the average of the one of 5
minutes; objective, budget and period; the current burn rate, the period's, and what is left; a page and a ticket.
"""

from collections.abc import Iterator
from typing import Any

from tests.bench.rule_load import service

RAW = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
LONG = "30d"
RATIO = "slo:sli_error:ratio_rate{}"
OBJECTIVE = 0.999

Group = dict[str, Any]


def groups(slos: int, services: int, long: bool = True) -> list[Group]:
    """Three groups for each SLO. Beyond `services` SLOs count what others count too: the work is the same."""
    return [group for number in range(slos) for group in _slo(f"slo-{number}", service(number % services), long)]


def _slo(name: str, counted: str, long: bool) -> Iterator[Group]:
    # 30 days of the 5-minute ratio are there for each service under the name of the SLO that first counts it.
    labels = {"slo_id": name, "slo_service": counted}
    first = f'{{slo_id="slo-{counted[1:]}"}}'
    ratios = [_raw(window, counted, labels) for window in RAW] + ([_average(first, labels)] if long else [])
    yield {"name": f"{name}-ratios", "rules": ratios}
    yield {"name": f"{name}-metadata", "rules": _metadata(name, labels, long)}
    yield {"name": f"{name}-alerts", "rules": list(_alerts(name, labels))}


def _raw(window: str, counted: str, labels: dict[str, str]) -> dict[str, Any]:
    bad, total = (
        f'sum(rate(http_requests_total{{service="{counted}"{more}}}[{window}]))' for more in (',status=~"5.."', "")
    )
    return {
        "record": RATIO.format(window),
        "expr": f"({bad}) / ({total})",
        "labels": {**labels, "slo_window": window},
    }


def _average(series: str, labels: dict[str, str]) -> dict[str, Any]:
    summed, counted = (
        f"{function}({RATIO.format('5m')}{series}[{LONG}])" for function in ("sum_over_time", "count_over_time")
    )
    return {
        "record": RATIO.format(LONG),
        "expr": f"{summed} / ignoring (slo_window) {counted}",
        "labels": {**labels, "slo_window": LONG},
    }


def _metadata(name: str, labels: dict[str, str], long: bool) -> list[dict[str, Any]]:
    of = f'{{slo_id="{name}"}}'
    period = LONG if long else RAW[-1]

    def burn(window: str) -> str:
        return f"{RATIO.format(window)}{of} / on (slo_id) group_left slo:error_budget:ratio{of}"

    expressions = {
        "slo:objective:ratio": f"vector({OBJECTIVE})",
        "slo:error_budget:ratio": f"vector(1 - {OBJECTIVE})",
        "slo:time_period:days": "vector(30)",
        "slo:current_burn_rate:ratio": burn("5m"),
        "slo:period_burn_rate:ratio": burn(period),
        "slo:period_error_budget_remaining:ratio": "1 - slo:period_burn_rate:ratio" + of,
    }
    return [{"record": record, "expr": expr, "labels": labels} for record, expr in expressions.items()]


def _alerts(name: str, labels: dict[str, str]) -> Iterator[dict[str, Any]]:
    for severity, clauses in {
        "page": (("5m", "1h", 14.4), ("30m", "6h", 6.0)),
        "ticket": (("2h", "1d", 3.0), ("6h", "3d", 1.0)),
    }.items():
        ratio = f'{{slo_id="{name}"}}'
        expr = " or ".join(
            "(" + " and ".join(
                f"max({RATIO.format(window)}{ratio} > ({factor} * {1 - OBJECTIVE:.6f})) without (slo_window)"
                for window in (short, long)
            ) + ")"
            for short, long, factor in clauses
        )  # fmt: skip
        yield {
            "alert": "ErrorBudgetBurn",
            "expr": expr,
            "labels": {**labels, "severity": severity},
            "annotations": {"summary": name},
        }


def past_of_ratios(services: int, lasts_s: int, now: int, every_s: int) -> Iterator[str]:
    """The recorded ratios of 5 minutes, as long as the period looks back."""
    record = RATIO.format("5m")
    yield f"# TYPE {record} gauge\n"
    for number in range(services):
        labels = f'slo_id="slo-{number}",slo_service="{service(number)}",slo_window="5m"'
        for place, when in enumerate(range(now - lasts_s, now, every_s)):
            yield f"{record}{{{labels}}} {0.001 * (1 + place * 7919 % 13 / 13):.9f} {when}\n"
