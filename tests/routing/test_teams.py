"""Teams with several lists, pages of their own, or mail only."""

from pathlib import Path

import pytest
import yaml

from tests.harness import paths
from tests.harness.errors import HarnessError
from tests.harness.render import Rendered, render
from tests.routing.test_routing import CONFIG, SUITES, routed

LAB = paths.ROOT / "tests/routing/platform.yaml"
MINIMAL = paths.ROOT / "examples/minimal"
SMTP = {"smtp": {"host": "mail.example.org", "from": "alerts@example.org"}}
PAGE, CHAT = "shop-team-pagerduty", "shop-team"


def on_disk(rendered: Rendered, folder: Path) -> Path:
    file = folder / "alertmanager.yml"
    file.write_text(rendered.files[CONFIG])
    return file


@pytest.fixture(scope="module")
def lab() -> Rendered:
    return render(MINIMAL, SMTP, catalogue=LAB)


@pytest.fixture(scope="module")
def config(lab: Rendered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return on_disk(lab, tmp_path_factory.mktemp("teams"))


CRITICAL = ["pagerduty-critical", "slack-critical"]
TOLD = [
    ({"alertname": "A", "severity": "warning", "category": "slo"}, ["slack-warnings", CHAT]),
    ({"alertname": "A", "severity": "warning", "plane": "app", "category": "slo"}, ["slack-warnings", CHAT]),
    ({"alertname": "A", "severity": "warning", "plane": "app"}, ["slack-warnings", CHAT]),
    (
        {"alertname": "A", "severity": "warning", "plane": "control", "service": "till"},
        ["slack-warnings", CHAT, "silent-team"],
    ),
    ({"alertname": "A", "severity": "warning", "plane": "control"}, ["slack-warnings", "silent-team"]),
    (
        {"alertname": "A", "severity": "critical", "plane": "app", "service": "shop", "category": "slo"},
        [*CRITICAL, PAGE, CHAT],
    ),
    ({"alertname": "A", "severity": "critical", "category": "performance"}, [*CRITICAL, PAGE, CHAT]),
    ({"alertname": "A", "severity": "odd", "service": "till"}, [*CRITICAL, PAGE, CHAT]),
    ({"alertname": "A", "severity": "info", "plane": "app", "category": "slo"}, ["slack-info"]),
    ({"alertname": "A", "severity": "critical"}, CRITICAL),
]


@pytest.mark.parametrize("suite", SUITES)
def test_a_team_is_told_once_however_many_of_its_lists_match(suite: str, config: Path) -> None:
    got = [(labels, sorted(routed(suite, config, labels))) for labels, _ in TOLD]
    assert got == [(labels, sorted(receivers)) for labels, receivers in TOLD]


def test_pages_are_grouped_by_service_or_else_by_what_they_are(lab: Rendered) -> None:
    routes = yaml.safe_load(lab.files[CONFIG])["route"]["routes"]
    groups = {
        (route["receiver"], 'service=~".+"' in route["matchers"]): route["group_by"]
        for route in routes
        if route["receiver"].endswith(("pagerduty", "pagerduty-critical"))
    }
    by_service, by_alert = ["plane", "service"], ["alertname", "plane", "slo", "instance"]
    assert groups == {
        ("pagerduty-critical", True): by_service,
        ("pagerduty-critical", False): by_alert,
        (PAGE, True): by_service,
        (PAGE, False): by_alert,
    }


def test_messages_are_grouped_coarsely(lab: Rendered) -> None:
    route = yaml.safe_load(lab.files[CONFIG])["route"]
    assert route["group_by"] == ["alertname", "plane", "severity"]
    assert [r["receiver"] for r in route["routes"] if "group_by" in r and "pagerduty" not in r["receiver"]] == []


def test_a_page_of_a_team_has_the_teams_own_key(lab: Rendered) -> None:
    receivers = {r["name"]: r for r in yaml.safe_load(lab.files[CONFIG])["receivers"]}
    keys = [page["routing_key_file"] for page in receivers[PAGE]["pagerduty_configs"]]
    assert keys == ["/etc/alertmanager/secrets/shop_key"]
    assert "shop_key" in lab.secret_files


def test_every_receiver_tells_the_end_and_is_reached_by_a_route(lab: Rendered) -> None:
    config = yaml.safe_load(lab.files[CONFIG])
    reached = {config["route"]["receiver"], *(r["receiver"] for r in config["route"]["routes"])}
    for receiver in config["receivers"]:
        assert receiver["name"] in reached
        for kind in ("pagerduty_configs", "slack_configs", "email_configs"):
            assert all(way["send_resolved"] for way in receiver.get(kind, []))


def test_a_team_that_is_told_of_nothing_is_an_error(tmp_path: Path) -> None:
    catalogue = yaml.safe_load(LAB.read_text())
    catalogue["teams"]["forgotten-team"] = {"slack": "#forgotten"}
    file = tmp_path / "platform.yaml"
    file.write_text(yaml.safe_dump(catalogue))
    with pytest.raises(HarnessError, match="forgotten-team"):
        render(MINIMAL, SMTP, catalogue=file)
