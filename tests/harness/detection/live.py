"""A case on a real Prometheus with production's intervals.

The hours (or days) before are written into its TSDB: the counters as they would have been scraped, and what the rules
themselves record of them. It starts when the page is due in a few minutes, and scrapes on where the past ended.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import yaml

from tests.harness import process, promtool
from tests.harness.debian import Programs
from tests.harness.detection.cases import SLO, STEP_S, Case
from tests.harness.detection.records import levels
from tests.harness.errors import HarnessError
from tests.harness.history import DAY_S, evaluate
from tests.harness.prometheus import Prometheus, backfill
from tests.harness.traffic import Phase, counted

LEAD_S = 150.0  # from the past's end to the moment that is measured: the past is made in a tenth of it
PATIENCE_S = 600.0
LABELS = {"job": "control-plane-orchestrator", "plane": "control", "service": "orchestrator"}


class Requests:
    """The counters of a case as a function of time. `zero` is its minute 0 in Unix seconds."""

    def __init__(self, case: Case, zero: float) -> None:
        self.case = case
        self.zero = zero
        self.began = zero - case.well.minutes * 60
        self.phases: tuple[Phase, ...] = (case.well, *case.phases)

    def shown(self, at: float) -> Iterator[tuple[str, int]]:
        """Status and count of each series that is exported then."""
        for status, bad in (("200", False), ("500", True)):
            if self.case.restarts:
                if bad == (at >= self.zero):
                    phases, since = (self.case.phases, self.zero) if bad else ((self.case.well,), self.began)
                    yield status, counted(phases, bad, at - since)
            else:
                yield status, counted(self.phases, bad, at - self.began)


class Target:
    """Exports the counters of now at a port of its own, until it is closed."""

    def __init__(self, requests: Requests) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                lines = [f'http_requests_total{{status="{s}"}} {n}\n' for s, n in requests.shown(time.time())]
                data = "".join(["# TYPE http_requests_total counter\n", *lines]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", process.free_port()), Handler)
        self.instance = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def measure(case: Case, due_min: float, files: Mapping[str, str], programs: Programs, folder: Path) -> float:
    """Minutes to the case's alert, or to its end, counted as promtool's are; it is due at `due_min`.

    `files` are those of a rendered release. HarnessError when it does not come within ten minutes more.
    """
    folder.mkdir(parents=True)
    # Minute 0 comes at any phase of the scrapes that the server will make.
    now = float(int(time.time()))
    requests = Requests(case, now + LEAD_S - (due_min + case.measured_from) * 60)
    rules = promtool.select(promtool.parse(files), {"slos.yml": [f"slo-{SLO}", f"slo-{SLO}-*"]})
    with Target(requests) as target:
        _write_past(requests, rules, target.instance, now, programs, folder)
        if time.time() > now + LEAD_S - 4 * STEP_S:
            raise HarnessError(f"the past of {case.name} took {time.time() - now:.0f} s: the machine is too busy")
        with process.Supervisor(folder) as supervisor:
            return _wait(case, _start(supervisor, rules, files, target.instance, programs, folder), requests)


def _wait(case: Case, prometheus: Prometheus, requests: Requests) -> float:
    deadline = time.monotonic() + PATIENCE_S + LEAD_S
    begin = requests.zero + case.measured_from * 60
    while time.monotonic() < deadline:
        if (found := _moment(case, prometheus, begin)) is not None:
            return found
        time.sleep(1)
    raise HarnessError(f"{case.name}: {case.alert} has not answered after {PATIENCE_S + LEAD_S:.0f} s")


def _moment(case: Case, prometheus: Prometheus, begin: float) -> float | None:
    """Minutes from `begin` to the first evaluation that lets it fire, or to the first that does not any more."""
    selector = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    if case.kind == "fires":
        first = prometheus.value(f"min(min_over_time(timestamp({selector})[20m:1s]))")
        return None if first is None else (first - begin) / 60
    if time.time() < begin or prometheus.query(selector):
        return None
    # The last evaluation that let it fire, and the next one, which did not.
    last = prometheus.value(f"max(max_over_time(timestamp({selector})[20m:1s]))")
    return None if last is None else (last + STEP_S - begin) / 60


def _start(
    supervisor: process.Supervisor, rules: Mapping[str, promtool.Rules], files: Mapping[str, str], instance: str,
    programs: Programs, folder: Path,
) -> Prometheus:  # fmt: skip
    for name, content in rules.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False, width=10_000))
    config = {
        "global": yaml.safe_load(files["prometheus/prometheus.yml"])["global"],
        "rule_files": list(rules),
        "scrape_configs": [
            {
                "job_name": LABELS["job"],
                "static_configs": [
                    {"targets": [instance], "labels": {k: v for k, v in LABELS.items() if k != "job"}},
                ],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = process.free_port()
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    command: list[str | Path] = [
        programs.prometheus,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=60d",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    supervisor.start("prometheus", command, ready=prometheus.is_ready, ports=[port])
    return prometheus


def _write_past(
    requests: Requests, rules: Mapping[str, promtool.Rules], instance: str, now: float, programs: Programs, folder: Path
) -> None:
    lines = _openmetrics(requests, instance, int(requests.began), int(now))
    backfill(programs.promtool, lines, folder / "data", block_s=DAY_S * 10)
    groups = [group for content in rules.values() for group in content["groups"]]
    for level in levels(groups):
        evaluate(level, f"{STEP_S}s", (int(requests.began), int(now)), programs, folder / "data")


def _openmetrics(requests: Requests, instance: str, begin: int, end: int) -> Iterator[str]:
    yield "# TYPE http_requests counter\n"
    labels = ",".join(f'{name}="{value}"' for name, value in {**LABELS, "instance": instance}.items())
    for status in ("200", "500"):
        for when in range(begin, end + 1, STEP_S):
            for shown, count in requests.shown(when):
                if shown == status:
                    yield f'http_requests_total{{{labels},status="{status}"}} {count} {when}\n'
    yield "# EOF\n"
