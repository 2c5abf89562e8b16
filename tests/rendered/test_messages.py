"""Notification templates: readable with any label missing, safe with any label hostile, as short as receivers ask."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.harness.debian import programs
from tests.rendered.conftest import Release

SUITES = ("bookworm", "trixie")
SLACK_LIMIT = 4000
TEMPLATES = {
    "slack": ("slack.title", "slack.text"),
    "pagerduty": ("pagerduty.description", "pagerduty.names", "pagerduty.firing", "pagerduty.resolved"),
    "email": ("email.subject", "email.text", "email.html"),
}
ALL = [template for templates in TEMPLATES.values() for template in templates]
HOSTILE = "<!channel> & <script>alert(1)</script> {{ .Labels }} `*_~|\"' \n \u202e 🚨 " * 30


def alert(status: str = "firing", annotations: dict[str, str] | None = None, **labels: str) -> dict[str, Any]:
    return {"status": status, "labels": labels, "annotations": annotations or {}}


def message(alerts: list[dict[str, Any]], group: dict[str, str] | None = None) -> dict[str, Any]:
    """Alertmanager's own data of a notification: common labels are those that all alerts share."""
    labels = [a["labels"].items() for a in alerts]
    common = dict(set(labels[0]).intersection(*labels)) if labels else {}
    status = "firing" if any(a["status"] == "firing" for a in alerts) else "resolved"
    return {
        "receiver": "test",
        "status": status,
        "alerts": alerts,
        "groupLabels": group or {},
        "commonLabels": common,
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example.org",
    }


def rendered(suite: str, release: Release, template: str, data: dict[str, Any], tmp_path: Path) -> str:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(data))
    done = subprocess.run(
        [
            programs(suite).amtool,
            "template",
            "render",
            f"--template.glob={release.folder}/alertmanager/templates/*.tmpl",
            f"--template.data={file}",
            f'--template.text={{{{ template "alerting.{template}" . }}}}',
            f"--template.type={'html' if template.endswith('html') else 'text'}",
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, f"{template}: {done.stderr}"
    return done.stdout.rstrip("\n")


FULL = alert(
    annotations={
        "summary": "cns-service is down",
        "description": "Replicas that answer: 0",
        "impact": "Nobody can use it",
        "action": "Look at its log",
        "runbook_url": "https://docs.example.org/service-down",
        "dashboard_url": "https://grafana.example.org/d/service-overview?var-plane=app&var-service=cns-service",
    },
    alertname="ServiceDown",
    severity="critical",
    plane="app",
    service="cns-service",
)
ENDED = {**FULL, "status": "resolved"}
HOSTILE_ALERT = alert(
    annotations=dict.fromkeys(("summary", "description", "impact", "action"), HOSTILE),
    **dict.fromkeys(("alertname", "severity", "plane", "service", "slo", "instance"), HOSTILE),
)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("template", ALL)
@pytest.mark.parametrize(
    "alerts",
    [
        [alert()],
        [alert(alertname="Bare")],
        [alert(alertname="Bare"), alert(alertname="OnlySeverity", severity="critical"), FULL],
        [alert("resolved")],
        [HOSTILE_ALERT],
        [FULL, ENDED],
        [HOSTILE_ALERT] * 50 + [{**HOSTILE_ALERT, "status": "resolved"}] * 50,
    ],
    ids=[
        "no label",
        "only a name",
        "mixed",
        "a resolved one without labels",
        "hostile",
        "one of two ended",
        "a hostile storm",
    ],
)
def test_no_label_breaks_a_message(
    suite: str, template: str, alerts: list[dict[str, Any]], ananta: Release, tmp_path: Path
) -> None:
    text = rendered(
        suite, ananta, template, message(alerts, {"alertname": alerts[0]["labels"].get("alertname", "")}), tmp_path
    )
    assert "<no value>" not in text
    if template.startswith("slack"):
        assert len(text) <= SLACK_LIMIT
        assert "<!channel>" not in text
    if template == "email.html":
        assert "<script>" not in text
    if template == "email.subject":
        assert len(text.encode()) < 998
        assert "\n" not in text


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("receiver", TEMPLATES)
def test_a_message_holds_what_the_reader_needs(suite: str, receiver: str, ananta: Release, tmp_path: Path) -> None:
    text = "\n".join(
        rendered(suite, ananta, template, message([FULL], {"alertname": "ServiceDown", "plane": "app"}), tmp_path)
        for template in TEMPLATES[receiver]
    ).replace("&amp;", "&")
    for needed in ("ServiceDown", "cns-service", "app", *FULL["annotations"].values()):
        assert needed in text
    if receiver != "pagerduty":
        assert "https://alertmanager.ananta.io/#/silences/new?filter=%7B" in text


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("receiver", TEMPLATES)
@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_a_message_names_every_kind_of_alert_in_it(
    suite: str, receiver: str, status: str, ananta: Release, tmp_path: Path
) -> None:
    names = ["ServiceDown", "CNSDualDatabaseUnhealthy", "RedisMemoryCritical"]
    data = message([alert(status, alertname=name, severity="critical", plane="app") for name in names])
    text = "\n".join(rendered(suite, ananta, template, data, tmp_path) for template in TEMPLATES[receiver])
    assert [name for name in names if name not in text] == []


@pytest.mark.parametrize("suite", SUITES)
def test_a_storm_says_how_many_there_are(suite: str, ananta: Release, tmp_path: Path) -> None:
    data = message([alert(alertname="InstanceDown", severity="warning", service=f"service-{i}") for i in range(100)])
    assert "[FIRING:100] InstanceDown" in rendered(suite, ananta, "slack.title", data, tmp_path)
    assert "and 97 more" in rendered(suite, ananta, "slack.text", data, tmp_path)
