"""What no checker of Prometheus looks at: rules that could never fire, lose their labels, or tell nobody what to do."""

import fnmatch
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser as promql
import pytest
import yaml

from tests.rendered.conftest import Release

# What services and exporters export. A metric that is neither there nor recorded makes an alert that never fires.
EXPORTED = (Path(__file__).parent / "exported.txt").read_text().split()
ANNOTATIONS = ("summary", "description", "impact", "action", "runbook_url", "dashboard_url")
SCRAPE = timedelta(seconds=15)
MAX_RULES_A_GROUP = 20
RETENTION = timedelta(days=31)
NO_SERVICE = {"monitoring"}


class Rule(NamedTuple):
    file: str
    group: str
    name: str
    content: dict[str, Any]

    @property
    def expr(self) -> str:
        return str(self.content["expr"])

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.content.get("labels", {})
        return labels

    def __str__(self) -> str:
        return f"{self.file} {self.group} {self.name}"


def rules_of(release: Release) -> list[Rule]:
    return [
        Rule(path.rsplit("/", 1)[1], group["name"], rule.get("alert", rule.get("record")), rule)
        for path, text in release.rendered.files.items()
        if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    ]


@pytest.fixture(scope="module")
def rules(ananta: Release) -> list[Rule]:
    return rules_of(ananta)


@pytest.fixture(scope="module")
def alerts(rules: list[Rule]) -> list[Rule]:
    return [rule for rule in rules if "alert" in rule.content]


def nodes(expr: str) -> Iterator[Any]:
    """Every node of the expression's tree."""
    found: list[Any] = []

    def keep(node: Any) -> bool:
        found.append(node)
        return True

    promql.walk(promql.parse(expr), keep)
    return iter(found)


def selectors(expr: str) -> Iterator[Any]:
    for node in nodes(expr):
        if isinstance(node, promql.MatrixSelector):
            yield node.vector_selector
        elif isinstance(node, promql.VectorSelector):
            yield node


def names(selector: Any) -> tuple[str | None, str | None]:
    """A selector's metric name, or the regular expression that it matches names by."""
    if selector.name:
        return selector.name, None
    return None, next(m.value for m in selector.matchers.matchers if m.name == "__name__")


def test_every_series_is_exported_by_somebody_or_recorded(rules: list[Rule]) -> None:
    recorded = {rule.name for rule in rules if "record" in rule.content}
    unknown = []
    for rule in rules:
        for selector in selectors(rule.expr):
            name, pattern = names(selector)
            known = (
                any(re.fullmatch(pattern, record) for record in recorded)
                if pattern
                else name in recorded or any(fnmatch.fnmatch(name or "", exported) for exported in EXPORTED)
            )
            if not known:
                unknown.append(f"{rule}: {name or pattern}")
    assert unknown == []


def test_a_record_is_read_only_below_the_rule_that_writes_it(rules: list[Rule]) -> None:
    """In one group, order is time: a record read above its rule is an interval old."""
    late = []
    for group in {(rule.file, rule.group) for rule in rules}:
        members = [rule for rule in rules if (rule.file, rule.group) == group]
        for i, rule in enumerate(members):
            below = {other.name for other in members[i:] if "record" in other.content}
            late += [f"{rule}: {names(s)[0]}" for s in selectors(rule.expr) if names(s)[0] in below]
    assert late == []


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_every_alert_says_what_why_and_what_to_do(annotation: str, alerts: list[Rule]) -> None:
    assert [str(rule) for rule in alerts if not rule.content["annotations"].get(annotation)] == []


def test_an_alerts_runbook_is_named_after_it(alerts: list[Rule]) -> None:
    for rule in alerts:
        page = rule.content["annotations"]["runbook_url"].removeprefix("https://docs.ananta.io/runbooks/")
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", page)
        assert page.replace("-", "") == rule.name.lower()


def test_every_alert_has_a_severity_and_a_category(alerts: list[Rule]) -> None:
    for rule in alerts:
        assert rule.labels["severity"] in {"critical", "warning", "info", "none"}, rule
        assert rule.labels["category"], rule


def test_no_label_of_an_alert_can_change_between_evaluations(alerts: list[Rule]) -> None:
    assert [str(rule) for rule in alerts for value in rule.labels.values() if "{{" in value or "http" in value] == []


def test_no_two_alerts_could_be_one(alerts: list[Rule]) -> None:
    """The same name and labels twice: where both fire, one could end the other."""
    twins = [(rule.name, tuple(sorted(rule.labels.items()))) for rule in alerts]
    assert [str(rule) for rule, twin in zip(alerts, twins, strict=True) if twins.count(twin) > 1] == []


def test_every_alert_of_a_service_or_slo_keeps_its_plane(alerts: list[Rule]) -> None:
    """An aggregation that drops the plane would leave the plane's team out."""
    lost = []
    for rule in alerts:
        if rule.labels["category"] in NO_SERVICE or "plane" in rule.labels:
            continue
        for node in nodes(rule.expr):
            if isinstance(node, promql.AggregateExpr) and not keeps(node, "plane"):
                lost.append(str(rule))
    assert lost == []


def keeps(node: Any, label: str) -> bool:
    if node.modifier is None:
        return False
    by = node.modifier.type == promql.AggModifierType.By
    return bool((label in node.modifier.labels) == by)


def test_every_division_is_guarded_against_nothing(rules: list[Rule]) -> None:
    """x / 0 is +Inf or NaN: the divisor is a number, or is compared with 0 first."""
    bare = []
    for rule in rules:
        for node in nodes(rule.expr):
            if isinstance(node, promql.BinaryExpr) and str(node.op) == "/" and not guarded(node.rhs):
                bare.append(f"{rule}: {node.rhs.prettify()}")
    assert bare == []


def guarded(divisor: Any) -> bool:
    if isinstance(divisor, promql.NumberLiteral):
        return True
    inner = divisor.expr if isinstance(divisor, promql.ParenExpr) else divisor
    return isinstance(inner, promql.BinaryExpr) and str(inner.op) == ">" and isinstance(inner.rhs, promql.NumberLiteral)


def test_every_rate_sees_at_least_four_scrapes_and_no_more_than_is_kept(rules: list[Rule]) -> None:
    for rule in rules:
        for node in nodes(rule.expr):
            if isinstance(node, promql.Call) and node.func.name in {"rate", "increase"}:
                assert node.args[0].range >= 4 * SCRAPE, rule
            if isinstance(node, promql.MatrixSelector):
                assert node.range < RETENTION, rule


def test_a_condition_of_one_moment_holds_for_two_scrapes_at_least(alerts: list[Rule]) -> None:
    hasty = [
        str(rule)
        for rule in alerts
        if rule.name not in {"Watchdog", "ErrorBudgetBurningFast", "ErrorBudgetBurningSlow"}
        and duration(rule.content.get("for", "0s")) < 2 * SCRAPE
    ]
    assert hasty == []


def test_what_a_down_alert_quiets_never_fires_before_it(alerts: list[Rule]) -> None:
    """Not for less time, or not at all while the service is down."""
    down = max(duration(rule.content["for"]) for rule in alerts if rule.name in {"ServiceDown", "DatabaseDown"})
    early = [
        str(rule)
        for rule in alerts
        if duration(rule.content.get("for", "0s")) < down
        and "platform:service:down" not in rule.expr
        and (rule.labels.get("service") or "service" in rule.expr)
    ]
    assert early == []


def duration(text: str) -> timedelta:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    return timedelta(seconds=sum(int(n) * units[u] for n, u in re.findall(r"(\d+)(ms|s|m|h|d)", text)))


def test_no_group_has_more_rules_than_amazon_managed_prometheus_takes(release: Release) -> None:
    for path, text in release.rendered.files.items():
        if path.startswith("prometheus/rules/"):
            groups = yaml.safe_load(text)["groups"]
            assert {g["name"]: len(g["rules"]) for g in groups if len(g["rules"]) > MAX_RULES_A_GROUP} == {}
            assert len({g["name"] for g in groups}) == len(groups)


def test_the_promised_names_are_there(ananta: Release, rules: list[Rule]) -> None:
    jobs = {
        job["job_name"] for job in yaml.safe_load(ananta.rendered.files["prometheus/prometheus.yml"])["scrape_configs"]
    }
    assert {
        "ananta-saas-tenant-mgmt-metrics",
        "app-plane-cns-service",
        "app-plane-redis",
        "app-plane-rabbitmq",
        "app-plane-minio",
        "blackbox-http",
        "blackbox-tcp",
    } <= jobs
    records = {rule.name for rule in rules if "record" in rule.content}
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
    promised = [
        *(f"availability:ratio_{w}" for w in windows),
        *(f"error_budget:burn_rate_{w}" for w in windows),
        *(f"error_budget:{name}" for name in ("remaining", "consumed_minutes", "seconds_to_exhaustion")),
        *("latency:p95", "latency:p99", "latency:good_ratio_5m", "request_rate:5m", "error_rate:5m"),
    ]
    assert [name for name in promised if f"slo:control_plane:{name}" not in records] == []


def test_with_no_addresses_known_no_link_is_made_up(release: Release) -> None:
    """An empty address leaves its link out; a known one is in every alert."""
    for path, text in release.rendered.files.items():
        if path.startswith("prometheus/rules/"):
            for group in yaml.safe_load(text)["groups"]:
                for rule in group["rules"]:
                    for key in ("runbook_url", "dashboard_url"):
                        assert rule.get("annotations", {}).get(key, "https://").startswith("https://"), rule
