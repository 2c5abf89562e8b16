"""Planned maintenance: what a window covers is quiet while it is open, and told when it ends and is still broken."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import promtool
from tests.harness.render import render
from tests.harness.stack import ANANTA
from tests.harness.traffic import Phase, counters
from tests.rules.test_cases import needed

WINDOW = {"timezone": "Europe/Berlin", "days": ["sun"], "start": "02:30", "duration": "90m"}
TARGET = 'job="control-plane-orchestrator",kind="service",plane="control",service="orchestrator"'
GAUGE = 'platform_maintenance_active{job="monitoring-host",window="night",plane="control"'
DOWN = {"alertname": "ServiceDown", "severity": "critical", "category": "availability", "plane": "control"}
PAGE = {"alertname": "ErrorBudgetBurningFast", "severity": "critical", "category": "slo", "slo": "control_plane"}
OPEN = "0x39 1x39 0x60"  # from minute 10 to 20


@pytest.fixture(scope="module")
def maintained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, promtool.Rules]:
    catalogue = yaml.safe_load((ANANTA / "platform.yaml").read_text())
    catalogue["maintenance"] = {"night": {**WINDOW, "planes": ["control"]}}
    file = Path(tmp_path_factory.mktemp("maintenance")) / "platform.yaml"
    file.write_text(yaml.safe_dump(catalogue))
    return promtool.parse(render(ANANTA, catalogue=file).files)


def fires(minutes: float, alert: dict[str, str] | None, name: str) -> dict[str, Any]:
    return promtool.firing(f"{round(minutes * 60)}s", [alert] if alert else [], f'alertname="{name}"')


def test_a_service_that_is_down_is_told_before_and_after_its_window(maintained: dict[str, promtool.Rules]) -> None:
    case = {
        "rules": {"critical.yml": ["services"], "ananta-platform.yml": ["catalogue-*"]},
        "services": ["orchestrator"],
    }
    down = {**DOWN, "service": "orchestrator"}
    series = {f'up{{{TARGET},instance="a"}}': "0x140", f'{GAUGE},service="orchestrator"}}': OPEN}
    moments = [(9, down), (12, None), (20.75, None), (21.25, down)]
    promtool.run(
        "bookworm",
        needed(maintained, case),
        [
            {
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [fires(minute, alert, "ServiceDown") for minute, alert in moments],
            }
        ],
    )


@pytest.mark.parametrize(("covered", "paged"), [("", None), (',service="orchestrator"', {**PAGE, "plane": "control"})])
def test_the_budget_of_a_plane_rests_only_while_the_whole_plane_does(
    maintained: dict[str, promtool.Rules], covered: str, paged: dict[str, str] | None
) -> None:
    groups = {"critical.yml": ["services"], "slos.yml": ["slo-control_plane"]}
    promtool.run(
        "bookworm",
        promtool.select(maintained, groups),
        [
            {
                "input_series": [*counters(Phase(11), Phase(20, 1)), {"series": f"{GAUGE}{covered}}}", "values": OPEN}],
                "promql_expr_test": [
                    fires(19, paged, "ErrorBudgetBurningFast"),
                    fires(26, {**PAGE, "plane": "control"}, "ErrorBudgetBurningFast"),
                ],
            }
        ],
    )


def test_what_watches_the_alerting_itself_never_rests(maintained: dict[str, promtool.Rules]) -> None:
    alerts = [rule for group in maintained["monitoring.yml"]["groups"] for rule in group["rules"]]
    assert [rule["alert"] for rule in alerts if "platform:service:maintenance" in rule["expr"]] == ["InstanceDown"]
