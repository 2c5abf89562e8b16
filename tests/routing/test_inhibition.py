"""Inhibition, asked of a running Alertmanager: which alerts of a scenario nobody is told of."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import paths
from tests.harness.alertmanager import Alertmanager, timestamp
from tests.harness.debian import programs
from tests.harness.namespace import Namespace
from tests.harness.process import Supervisor, answers, free_port
from tests.harness.render import render
from tests.routing.test_routing import CONFIG, EXPECTED, SUITES

SCENARIOS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "inhibition.yml").read_text())
# Nobody is told of anything: what is asked is who would not be.
SILENT = {"monitoring": {"timings": {"group_wait": "1h"}}}


@pytest.fixture(scope="module", params=SUITES)
def alertmanager(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    folder = tmp_path_factory.mktemp(f"alertmanager-{request.param}")
    files = render(paths.ROOT / "examples/ananta", SILENT).files
    for name in (path for path in files if path.startswith("alertmanager/")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(
            files[name].replace("/etc/alertmanager/templates", f"{folder}/alertmanager/templates")
        )
    program = programs(request.param)
    url = f"http://127.0.0.1:{free_port()}"
    command: list[str | Path] = [
        program.alertmanager,
        f"--config.file={folder / CONFIG}",
        f"--storage.path={folder}/data",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]
    with Supervisor(folder) as supervisor:
        namespace = Namespace(folder, share=program.root / "usr/share")
        supervisor.start("alertmanager", namespace.wrap(command), ready=lambda: answers(f"{url}/-/ready"))
        yield Alertmanager(url)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["title"] for scenario in SCENARIOS])
def test_who_is_not_told(alertmanager: Alertmanager, scenario: dict[str, Any]) -> None:
    firing = [{**labels, "scenario": scenario["title"]} for labels in scenario["alerts"]]
    for labels in firing:
        alertmanager.post(labels)
    inhibited = [a["labels"] for a in alertmanager.alerts() if a["status"]["inhibitedBy"]]
    for labels in firing:
        alertmanager.post(labels, starts=time.time() - 1, ends=time.time())
    assert [i for i, labels in enumerate(firing) if labels in inhibited] == scenario["quiet"]


def test_no_two_alerts_quiet_each_other(alertmanager: Alertmanager) -> None:
    """Each pair of the platform's alerts in a service of its own: somebody is told of one of the two at least."""
    kinds = [(name, row["severity"]) for row in EXPECTED["alerts"] if "service" in row for name in row["alerts"]]
    pairs = {f"pair-{i}": pair for i, pair in enumerate(itertools.combinations(sorted(set(kinds)), 2))}
    began, ended = timestamp(time.time() - 60), timestamp(time.time() + 60)
    alerts = [
        {
            "labels": {
                "alertname": name,
                "severity": severity,
                "plane": "app",
                "service": service,
                "scenario": "pairs",
            },
            "startsAt": began,
            "endsAt": ended,
        }
        for service, pair in pairs.items()
        for name, severity in pair
    ]
    alertmanager.request("POST", "/api/v2/alerts", alerts)
    told = {
        a["labels"]["service"] for a in alertmanager.alerts(inhibited=False) if a["labels"].get("scenario") == "pairs"
    }
    assert [pair for service, pair in pairs.items() if service not in told] == []
