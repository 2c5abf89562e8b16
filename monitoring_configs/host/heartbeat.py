"""The heartbeat: Alertmanager tells it of the Watchdog, it tells CloudWatch. Its silence is an alarm on the other path.

Also says what the host runs, for Prometheus to scrape (`config_release_rejected`, `config_release_info`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

STATUS = Path("/run/alerting/status.json")
DISKS = (Path("/"), Path("/var/lib/alerting"))  # the system's and Prometheus' own
MOST_OFTEN_S = 20.0  # CloudWatch counts by the minute; more would cost and say nothing


class Heartbeat:
    """Puts one datapoint for each beat, at most every MOST_OFTEN_S seconds."""

    def __init__(self, namespace: str, region: str, most_often_s: float = MOST_OFTEN_S) -> None:
        self.namespace = namespace
        self.region = region
        self.most_often_s = most_often_s
        self.put_at = float("-inf")
        self.counts = {"taken": 0, "failed": 0}
        self.lock = threading.Lock()

    def beat(self) -> bool:
        """Whether CloudWatch has taken it; False also logs why."""
        with self.lock:
            if time.monotonic() - self.put_at < self.most_often_s:
                return True
            words = (
                f"put-metric-data --region {self.region} --namespace {self.namespace} --metric-name Heartbeat --value 1"
            )
            command = ["aws", "cloudwatch", *words.split()]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=15)
                trouble = done.stderr.strip() if done.returncode != 0 else ""
            except (OSError, subprocess.SubprocessError) as problem:
                trouble = str(problem)
            self.counts["failed" if trouble else "taken"] += 1
            if trouble:
                last_words = trouble.splitlines()[-1]
                print(f"the heartbeat did not reach CloudWatch: {last_words}", file=sys.stderr, flush=True)
                return False
            self.put_at = time.monotonic()
            return True

    def metrics(self, status: Path) -> str:
        """What Prometheus reads."""
        try:
            told = json.loads(status.read_text())
        except (OSError, ValueError):
            told = {}
        lines = [
            "# TYPE config_release_rejected gauge",
            f"config_release_rejected {int(bool(told.get('rejected')))}",
            "# TYPE config_release_info gauge",
            f'config_release_info{{hash="{told.get("hash", "")}"}} 1',
            "# TYPE heartbeats_total counter",
            *(f'heartbeats_total{{outcome="{outcome}"}} {count}' for outcome, count in self.counts.items()),
            *disk_space(),
        ]
        return "\n".join(lines) + "\n"


def disk_space(disks: tuple[Path, ...] = DISKS) -> list[str]:
    """Size and free space (bytes) of the host's disks, under the node exporter's names."""
    lines = ["# TYPE node_filesystem_avail_bytes gauge", "# TYPE node_filesystem_size_bytes gauge"]
    for disk in disks:
        if disk.is_dir():
            space = os.statvfs(disk)
            labels = f'{{mountpoint="{disk}"}}'
            lines.append(f"node_filesystem_avail_bytes{labels} {space.f_bavail * space.f_frsize}")
            lines.append(f"node_filesystem_size_bytes{labels} {space.f_blocks * space.f_frsize}")
    return lines


def is_watchdog(body: bytes) -> bool:
    """Whether a webhook body says that the Watchdog fires, which is all that counts as a beat."""
    try:
        alerts = json.loads(body)["alerts"]
        return any(one["status"] == "firing" and one["labels"]["alertname"] == "Watchdog" for one in alerts)
    except (ValueError, KeyError, TypeError):
        return False


def server(heartbeat: Heartbeat, port: int, status: Path = STATUS) -> ThreadingHTTPServer:
    """Listens on this host alone; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not is_watchdog(body):
                self.answer(400, "not a firing Watchdog\n")
            elif heartbeat.beat():
                self.answer(200, "taken\n")
            else:
                self.answer(503, "not taken by CloudWatch\n")  # Alertmanager tries again

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self.answer(200, heartbeat.metrics(status))
            else:
                self.answer(404, "POST the Watchdog to /, GET /metrics\n")

        def answer(self, code: int, text: str) -> None:
            data = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--settings", required=True)
    settings = json.loads(Path(parser.parse_args().settings).read_text())
    server(Heartbeat(settings["namespace"], settings["region"]), settings["heartbeat"]).serve_forever()


if __name__ == "__main__":
    main()
