"""Targets that answer slowly are counted whole, whatever the moments of scrapes and evaluations are to each other.

A sample is dated by the scrape's begin and there at its end: of a scrape that is under way at every evaluation, rules
that compare now with one evaluation ago would see nothing at all.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from tests.harness import paths, promtool
from tests.harness.debian import programs
from tests.harness.process import Supervisor, free_port
from tests.harness.prometheus import Prometheus
from tests.harness.render import render

EVERY = "1s"
ANSWERS_AFTER_S = 0.5
REPLICAS = 6  # that none of them is being scraped at an evaluation is one case in sixty
COUNTED_S = 12.0
REQUESTS = "http_requests_total"
EVENTS = "slo:control_plane:events"


class Replica:
    """Counts seven requests between two scrapes, one of them bad, while it is not idle."""

    def __init__(self) -> None:
        self.scrapes, self.idle = 0, True
        replica = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                replica.scrapes += not replica.idle
                time.sleep(ANSWERS_AFTER_S)
                counts = {"200": 6 * replica.scrapes, "500": replica.scrapes}
                body = "".join(f'{REQUESTS}{{status="{status}"}} {count}\n' for status, count in counts.items())
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)

    @contextmanager
    def served(self) -> Iterator[None]:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        yield
        self.server.shutdown()
        self.server.server_close()


def start(supervisor: Supervisor, folder: Path, replicas: list[Replica]) -> Prometheus:
    """A Prometheus that scrapes the replicas and evaluates what counts the control plane's requests."""
    timings = {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY}
    files = render(paths.ROOT / "examples/ananta", {"monitoring": {"timings": timings}}).files
    rules = promtool.select(promtool.parse(files), {"slos.yml": ["slo-control_plane"]})["slos.yml"]
    targets = [f"127.0.0.1:{replica.server.server_port}" for replica in replicas]
    config = {
        "global": timings,
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": "slow", "static_configs": [{"targets": targets, "labels": {"plane": "control"}}]}
        ],
    }
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    command: list[str | Path] = [
        programs().prometheus,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    supervisor.start("prometheus", command, ready=prometheus.is_ready, ports=[port])
    return prometheus


def test_every_request_of_a_slow_target_is_counted_once(tmp_path: Path) -> None:
    replicas = [Replica() for _ in range(REPLICAS)]
    with ExitStack() as served, Supervisor(tmp_path) as supervisor:
        for replica in replicas:
            served.enter_context(replica.served())
        prometheus = start(supervisor, tmp_path, replicas)
        prometheus.wait_for(f"count({EVENTS}:seen)", lambda seen: [s.value for s in seen] == [2 * REPLICAS])
        for idle in (False, True):
            for replica in replicas:
                replica.idle = idle
            time.sleep(0 if idle else COUNTED_S)
        # The last scrape that saw it grow, and the evaluation after it.
        prometheus.wait_for(
            f"sum({REQUESTS})", lambda seen: sum(s.value for s in seen) == 7 * sum(r.scrapes for r in replicas)
        )
        time.sleep(2)
        for name, statuses in {"total": ".*", "bad": "5.."}.items():
            counted = f'{REQUESTS}{{status=~"{statuses}"}}[5m]'
            grown = prometheus.value(f"sum(max_over_time({counted}) - min_over_time({counted}))")
            assert grown and grown > REPLICAS * 5
            assert prometheus.value(f"sum_over_time({EVENTS}:{name}[5m])") == grown
