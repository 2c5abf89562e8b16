"""The heartbeat: only a firing Watchdog counts, and only what CloudWatch took."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.host.conftest import Programs

WATCHDOG = {"alerts": [{"status": "firing", "labels": {"alertname": "Watchdog"}}]}


class Client:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def post(self, body: object) -> int:
        return self._status(urllib.request.Request(self.url + "/", data=json.dumps(body).encode()))

    def metrics(self) -> str:
        with urllib.request.urlopen(self.url + "/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def _status(self, request: urllib.request.Request) -> int:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as problem:
            return problem.code


@pytest.fixture
def client(heartbeat: ModuleType, programs: Programs, tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "status.json").write_text(json.dumps({"hash": "abc", "rejected": True}))
    beat = heartbeat.Heartbeat("Alerting/x", "eu-central-1", most_often_s=0.0)
    server = heartbeat.server(beat, 0, tmp_path / "status.json")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Client(server.server_address[1])
    server.shutdown()
    server.server_close()


def test_a_firing_watchdog_becomes_one_datapoint(client: Client, programs: Programs) -> None:
    assert client.post(WATCHDOG) == 200

    words = "cloudwatch put-metric-data --region eu-central-1 --namespace Alerting/x --metric-name Heartbeat --value 1"
    assert programs.calls("aws") == [words.split()]


@pytest.mark.parametrize(
    "body",
    [
        {"alerts": [{"status": "resolved", "labels": {"alertname": "Watchdog"}}]},
        {"alerts": [{"status": "firing", "labels": {"alertname": "ServiceDown"}}]},
        {"alerts": []},
        [],
        "text",
    ],
)
def test_nothing_else_is_a_heartbeat(client: Client, programs: Programs, body: object) -> None:
    assert client.post(body) == 400
    assert programs.calls("aws") == []


def test_what_cloudwatch_did_not_take_is_not_acknowledged(client: Client, programs: Programs) -> None:
    programs.answer("aws cloudwatch", err="AccessDenied\n", status=254)

    assert client.post(WATCHDOG) == 503
    assert 'heartbeats_total{outcome="failed"} 1' in client.metrics()


def test_it_beats_no_more_often_than_it_must(heartbeat: ModuleType, programs: Programs) -> None:
    beat = heartbeat.Heartbeat("Alerting/x", "eu-central-1", most_often_s=60.0)

    assert all(beat.beat() for _ in range(3))
    assert len(programs.calls("aws")) == 1


def test_prometheus_reads_what_the_host_runs(client: Client) -> None:
    assert "config_release_rejected 1\n" in client.metrics()
    assert 'config_release_info{hash="abc"} 1\n' in client.metrics()


def test_the_disks_of_the_host_are_told_under_the_names_that_the_rules_read(
    heartbeat: ModuleType, tmp_path: Path
) -> None:
    lines = heartbeat.disk_space((Path("/"), tmp_path / "not mounted"))

    told = {line.split("{")[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}
    assert 0 < told["node_filesystem_avail_bytes"] <= told["node_filesystem_size_bytes"]
    assert len(told) == 2
