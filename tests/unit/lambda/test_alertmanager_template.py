"""The JSON template for Alertmanager's SNS receiver, rendered by the real amtool, is what the forwarders read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lambda_messages import sns
from lambda_standins import PagerDuty, Slack, shown
from lambda_world import Forwarder

from tests.harness.debian import programs

TEMPLATE = Path(__file__).resolve().parents[3] / "monitoring_configs" / "alertmanager" / "sns-message.json.tmpl"
HARD = "CNS's \"errors\" > 5 % & rising \\ back\\slash \\' \\\\' \u0001 é 🧨 \ttab\nline = <b>x</b> {{ .x }} end\\"


def data(status: str = "firing") -> dict[str, Any]:
    """A group as amtool takes it: a page and a resolved warning."""
    labels = {"alertname": "HighErrorRate", "severity": "critical", "plane": "app", "service": "cns-service"}
    page = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": HARD, "runbook_url": "https://docs.ananta.io/runbooks/high-error-rate"},
        "startsAt": "2024-11-25T03:12:06Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
    }
    warning = {
        "status": "resolved",
        "labels": {"alertname": "Bare", "severity": "warning"},
        "annotations": {},
        "startsAt": "2024-11-25T03:12:06Z",
        "endsAt": "2024-11-25T03:15:06Z",
        "generatorURL": "",
    }
    return {
        "receiver": "sns",
        "status": status,
        "alerts": [page, warning],
        "groupLabels": {"plane": "app"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
    }


def render(suite: str, text: str, group: dict[str, Any], tmp_path: Path) -> str:
    """The template's text as Alertmanager of that suite writes it."""
    tools = programs(suite)
    path = tmp_path / "data.json"
    path.write_text(json.dumps(group))
    command = [
        str(tools.amtool), "template", "render", f"--template.glob={TEMPLATE}",
        f"--template.glob={tools.alertmanager_templates}/default.tmpl", f"--template.text={text}",
        f"--template.data={path}",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_every_sign_of_a_label_survives_the_way_through_the_json_template(suite: str, tmp_path: Path) -> None:
    group = data()

    written = json.loads(render(suite, '{{ template "alerting.sns.message" . }}', group, tmp_path))

    keys = ("status", "labels", "annotations", "generatorURL")
    for given, read in zip(group["alerts"], written["alerts"], strict=True):
        assert {key: read[key] for key in keys} == {key: given[key] for key in keys}
    assert (written["receiver"], written["groupLabels"]) == ("sns", {"plane": "app"})


@pytest.mark.parametrize("template", ["alerting.sns.message", "sns.default.message"])
def test_a_group_pages_and_resolves_whether_it_comes_as_json_or_as_alertmanagers_own_text(
    template: str, tmp_path: Path, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack,
    slack_forwarder: Forwarder,
) -> None:  # fmt: skip
    states = []
    for status in ("firing", "resolved"):
        message = render("bookworm", f'{{{{ template "{template}" . }}}}', data(status), tmp_path)
        pagerduty_forwarder.receive(sns(message))
        slack_forwarder.receive(sns(message))
        states.append(list(pagerduty.states().values()))

    assert states == [["open"], ["resolved"]]
    assert slack.channels() == ["#critical-alerts", "#app-plane-alerts", "#platform-alerts"] * 2
    first = shown(slack.messages()[0])
    assert "[CRITICAL] *HighErrorRate*" in first and 'CNS\'s "errors" > 5 % & rising' in first
    assert "https://docs.ananta.io/runbooks/high-error-rate" in first
