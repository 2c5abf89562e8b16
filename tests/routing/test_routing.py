"""Every alert of the reference platform reaches exactly its destinations: asked of amtool, on the rendered file."""

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.harness import paths
from tests.harness.debian import programs
from tests.harness.render import Rendered, render

SUITES = ("bookworm", "trixie")
CONFIG = "alertmanager/alertmanager-production.yml"
EXPECTED: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "expected.yml").read_text())


class Told(NamedTuple):
    labels: dict[str, str]
    destinations: list[str]

    def __str__(self) -> str:
        return " ".join(f"{key}={value}" for key, value in self.labels.items()) or "no label at all"


def destinations(rows: list[str]) -> list[str]:
    return sorted(itertools.chain.from_iterable(EXPECTED["rows"][row] for row in rows))


def expected() -> Iterator[Told]:
    for row in EXPECTED["alerts"]:
        fixed = {key: row[key] for key in ("severity", "category", "service", "slo") if key in row}
        for name in row["alerts"]:
            for plane in row.get("planes", [""]):
                labels = {"alertname": name, **fixed, **({"plane": plane} if plane else {})}
                yield Told(labels, destinations(row["told"] + ([plane] if plane else [])))
    for row in EXPECTED["others"]:
        yield Told(row["labels"], destinations(row["told"]))


@pytest.fixture(scope="module")
def ananta() -> Rendered:
    return render(paths.ROOT / "examples/ananta")


@pytest.fixture(scope="module")
def config(ananta: Rendered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("routing") / "alertmanager.yml"
    file.write_text(ananta.files[CONFIG])
    return file


@pytest.fixture(scope="module")
def receivers(ananta: Rendered) -> dict[str, list[str]]:
    """Receiver → what it sends to: secret files of pages, channels, addresses."""
    return {r["name"]: list(sends_to(r)) for r in yaml.safe_load(ananta.files[CONFIG])["receivers"]}


def sends_to(receiver: dict[str, Any]) -> Iterator[str]:
    for page in receiver.get("pagerduty_configs", []):
        yield Path(page["routing_key_file"]).name
    for message in receiver.get("slack_configs", []):
        yield message["channel"]
    for mail in receiver.get("email_configs", []):
        yield mail["to"]
    for _ in receiver.get("webhook_configs", []):
        yield receiver["name"]


def routed(suite: str, config: Path, labels: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [
            programs(suite).amtool,
            "config",
            "routes",
            "test",
            f"--config.file={config}",
            *(f"{key}={value}" for key, value in labels.items()),
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return [name.strip() for name in done.stdout.strip().split(",")]


@pytest.mark.parametrize("suite", SUITES)
def test_every_alert_reaches_exactly_its_destinations(
    suite: str, config: Path, receivers: dict[str, list[str]]
) -> None:
    wrong = []
    for told in expected():
        names = routed(suite, config, told.labels)
        got = sorted(itertools.chain.from_iterable(receivers[name] for name in names))
        if got != told.destinations:
            wrong.append(f"{told}\n  expected {told.destinations}\n  got      {got}")
    assert not wrong, "\n".join(wrong)


def test_every_alert_that_is_rendered_is_expected_and_no_other(ananta: Rendered) -> None:
    rendered = set()
    for path, text in ananta.files.items():
        if path.startswith("prometheus/rules/"):
            for group in yaml.safe_load(text)["groups"]:
                rendered |= {
                    (rule["alert"], rule["labels"]["severity"], rule["labels"]["category"])
                    for rule in group["rules"]
                    if "alert" in rule
                }
    known = {(name, row["severity"], row["category"]) for row in EXPECTED["alerts"] for name in row["alerts"]}
    assert sorted(rendered - known) == []
    assert sorted(known - rendered) == []


def test_a_channel_is_reached_by_its_own_webhook(ananta: Rendered) -> None:
    secrets = {
        "#critical-alerts": "slack_critical_webhook",
        "#platform-alerts": "slack_warnings_webhook",
        "#slo-alerts": "slack_slo_webhook",
        "#database-alerts": "slack_database_webhook",
        "#infrastructure-alerts": "slack_infrastructure_webhook",
        "#control-plane-alerts": "slack_control_plane_webhook",
        "#app-plane-alerts": "slack_app_plane_webhook",
    }
    got = {
        message["channel"]: message["api_url_file"]
        for receiver in yaml.safe_load(ananta.files[CONFIG])["receivers"]
        for message in receiver.get("slack_configs", [])
    }
    assert got == {channel: f"/etc/alertmanager/secrets/{secret}" for channel, secret in secrets.items()}
    assert set(ananta.secret_files) == {*secrets.values(), "pagerduty_key", "smtp_password"}


def test_pages_repeat_every_hour_and_never_wait_for_the_interval_of_messages(ananta: Rendered) -> None:
    route = yaml.safe_load(ananta.files[CONFIG])["route"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("30s", "5m", "6h")
    pages = [r for r in route["routes"] if r["receiver"] == "pagerduty-critical"]
    assert [page["group_interval"] for page in pages] == ["1m", "1m"]
    repeats = {(r["receiver"], r.get("repeat_interval", "6h")) for r in route["routes"] if r["receiver"] != "heartbeat"}
    assert {receiver for receiver, repeat in repeats if repeat == "1h"} == {"pagerduty-critical", "slack-critical"}
    assert {repeat for _, repeat in repeats} == {"1h", "6h"}


def test_every_sibling_route_lets_the_next_one_take_the_alert_too(ananta: Rendered) -> None:
    ends = [r["receiver"] for r in yaml.safe_load(ananta.files[CONFIG])["route"]["routes"] if not r.get("continue")]
    assert ends == ["heartbeat", "slack-info"]
