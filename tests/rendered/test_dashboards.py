"""Dashboards: unique, on the one data source, and every query names series that somebody writes."""

import fnmatch
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.rendered.conftest import Release
from tests.rendered.test_hygiene import EXPORTED, names, selectors

FOLDER = "grafana/dashboards/"
VARIABLES = {"$slo": "control_plane", "${slo}": "control_plane", "$plane": "app", "$service": "cns-service"}


@pytest.fixture(scope="module")
def dashboards(ananta: Release) -> dict[str, Any]:
    files = ananta.rendered.files
    return {path.removeprefix(FOLDER): json.loads(text) for path, text in files.items() if path.startswith(FOLDER)}


@pytest.fixture(scope="module")
def recorded(ananta: Release) -> set[str]:
    return {
        rule["record"]
        for path, text in ananta.rendered.files.items()
        if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


def expressions(dashboard: dict[str, Any]) -> Iterator[str]:
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for annotation in dashboard["annotations"]["list"]:
        yield from [annotation["expr"]] if "expr" in annotation else []
    for variable in dashboard["templating"]["list"]:
        selector = re.fullmatch(r"label_values\((.*), \w+\)", variable["query"]["query"])
        assert selector, variable["query"]
        yield selector[1]


def substituted(expr: str) -> str:
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr


def test_no_title_and_no_uid_is_used_twice(dashboards: dict[str, Any]) -> None:
    """One of either used twice stops the whole provider."""
    for key in ("title", "uid"):
        assert max(Counter(d[key] for d in dashboards.values()).values()) == 1
    assert {f"{d['uid']}.json" for d in dashboards.values()} == set(dashboards)


def test_every_panel_asks_the_data_source_that_is_provisioned(ananta: Release, dashboards: dict[str, Any]) -> None:
    source = yaml.safe_load(ananta.rendered.files["grafana/provisioning/datasources/prometheus.yml"])["datasources"]
    assert [s["uid"] for s in source] == ["prometheus"]
    for dashboard in dashboards.values():
        asked = [panel["datasource"]["uid"] for panel in dashboard["panels"]]
        asked += [target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel["targets"]]
        assert set(asked) == {"prometheus"}
        assert "${DS_" not in json.dumps(dashboard)


def test_every_query_names_series_that_somebody_writes(dashboards: dict[str, Any], recorded: set[str]) -> None:
    unknown = []
    for file, dashboard in dashboards.items():
        for expr in expressions(dashboard):
            for selector in selectors(substituted(expr)):
                name, pattern = names(selector)
                if pattern:
                    known = any(re.fullmatch(pattern, record) for record in recorded)
                else:
                    known = name in recorded or any(fnmatch.fnmatch(name or "", exported) for exported in EXPORTED)
                if not known:
                    unknown.append(f"{file}: {name or pattern}")
    assert unknown == []


def test_no_panel_lies_upon_another(dashboards: dict[str, Any]) -> None:
    for dashboard in dashboards.values():
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
        for a, b in itertools.combinations([panel["gridPos"] for panel in dashboard["panels"]], 2):
            apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
            assert apart or above


def test_the_overview_shows_what_was_promised(dashboards: dict[str, Any]) -> None:
    text = "\n".join(expressions(dashboards["slo-overview.json"]))
    for promised in (
        "availability:ratio_(28|30)d",
        "objective:ratio",
        "error_budget:remaining",
        "error_budget:consumed_minutes",
        "error_budget:minutes",
        "error_budget:burn_rate_1h",
        "error_budget:seconds_to_exhaustion",
        "latency:p95",
        "latency:p99",
    ):
        assert promised in text


def test_links_of_alerts_lead_to_dashboards_that_exist(ananta: Release, dashboards: dict[str, Any]) -> None:
    linked = set(re.findall(r"https://grafana\.ananta\.io/d/([a-z-]+)", "\n".join(ananta.rendered.files.values())))
    assert linked == {dashboard["uid"] for dashboard in dashboards.values()}
