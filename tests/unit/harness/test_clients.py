"""The clients of Prometheus and its companions, against a server that answers as they do."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.harness.alertmanager import Alertmanager
from tests.harness.blackbox import Blackbox
from tests.harness.errors import HarnessError
from tests.harness.prometheus import Prometheus, Sample


class Server(HTTPServer):
    answers: dict[str, Any]
    asked: list[tuple[str, Any]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((f"{self.command} {self.path}", json.loads(body) if body else None))
        found = next((value for start, value in self.server.answers.items() if self.path.startswith(start)), None)
        self.send_response(200 if found is not None else 404)
        self.end_headers()
        self.wfile.write(found.encode() if isinstance(found, str) else json.dumps(found or "none").encode())

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {}, []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_query_gives_labels_and_numbers(server: Server) -> None:
    result = [{"metric": {"job": "a"}, "value": [1.5, "0.25"]}]
    server.answers["/api/v1/query?"] = {"data": {"resultType": "vector", "result": result}}

    assert Prometheus(url(server)).query("up", at=12.0) == [Sample({"job": "a"}, 0.25)]
    assert server.asked == [("GET /api/v1/query?query=up&time=12.000", None)]


def test_one_value_or_none(server: Server) -> None:
    prometheus = Prometheus(url(server))
    server.answers["/api/v1/query?"] = {"data": {"resultType": "vector", "result": []}}
    assert prometheus.value("up") is None
    two = [{"metric": {}, "value": [0, "1"]}] * 2
    server.answers["/api/v1/query?"] = {"data": {"resultType": "vector", "result": two}}
    with pytest.raises(HarnessError, match="up has 2 series where one was expected"):
        prometheus.value("up")


def test_rules_know_their_group_and_alerts_their_names(server: Server) -> None:
    rule = {"name": "Down", "type": "alerting"}
    server.answers["/api/v1/rules"] = {"data": {"groups": [{"name": "g", "file": "f.yml", "rules": [rule]}]}}
    alerts = [{"labels": {"alertname": name}, "state": state} for name, state in (("B", "firing"), ("A", "pending"))]
    server.answers["/api/v1/alerts"] = {"data": {"alerts": alerts}}
    prometheus = Prometheus(url(server))

    assert prometheus.rules() == [{**rule, "group": "g", "file": "f.yml"}]
    assert prometheus.firing() == ["B"]


def test_a_refusal_says_what_was_said_and_silence_where_it_was(server: Server) -> None:
    with pytest.raises(HarnessError, match='Prometheus answered 404 to POST /-/reload: "none"'):
        Prometheus(url(server)).reload()
    with pytest.raises(HarnessError, match=r"Alertmanager does not answer at http://127\.0\.0\.1:9"):
        Alertmanager("http://127.0.0.1:9").alerts()


def test_an_alert_is_told_with_its_start(server: Server) -> None:
    server.answers["/api/v2/alerts"] = {}

    Alertmanager(url(server)).post({"alertname": "A"}, {"summary": "s"}, starts=0.0, ends=1.5)

    posted = {"labels": {"alertname": "A"}, "annotations": {"summary": "s"}, "generatorURL": ""}
    times = {"startsAt": "1970-01-01T00:00:00.000Z", "endsAt": "1970-01-01T00:00:01.500Z"}
    assert server.asked == [("POST /api/v2/alerts", [{**posted, **times}])]


def test_silences_and_inhibitions(server: Server) -> None:
    server.answers["/api/v2/silences"] = {"silenceID": "id1"}
    quiet = {"labels": {"alertname": "Q"}, "status": {"inhibitedBy": ["x"]}}
    server.answers["/api/v2/alerts"] = [quiet, {"labels": {"alertname": "L"}, "status": {"inhibitedBy": []}}]
    alertmanager = Alertmanager(url(server))

    assert alertmanager.silence({"service": "a"}, 60) == "id1"
    assert server.asked[0][1]["matchers"] == [{"name": "service", "value": "a", "isRegex": False, "isEqual": True}]
    assert alertmanager.inhibited() == ["Q"]


def test_a_probe_is_its_metrics(server: Server) -> None:
    server.answers["/probe?"] = '# HELP x\nprobe_success 1\nprobe_http_duration_seconds{phase="tls"} 0.5\n'

    blackbox = Blackbox(url(server))

    assert blackbox.probe("http_2xx", "http://a/b") == {
        "probe_success": 1.0,
        'probe_http_duration_seconds{phase="tls"}': 0.5,
    }
    assert blackbox.is_up("http_2xx", "http://a/b")
    assert server.asked[0][0] == "GET /probe?module=http_2xx&target=http%3A%2F%2Fa%2Fb"
