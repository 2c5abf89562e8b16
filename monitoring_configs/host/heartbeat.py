"""The heartbeat: Alertmanager tells it of the Watchdog, it tells CloudWatch. Its silence is an alarm on the other path.

Also says what the host runs and which planned maintenance is going on, for Prometheus to scrape
(`config_release_rejected`, `config_release_info`, `platform_maintenance_active`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

STATUS = Path("/run/alerting/status.json")
WINDOWS = Path("/opt/alerting/current/host/maintenance.json")  # of the release that is in use
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
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

    def metrics(self, status: Path, windows: Path = WINDOWS) -> str:
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
            *maintenance(windows),
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


def maintenance(windows: Path, now: float | None = None) -> list[str]:
    """A gauge for each plane (without a service) and each service of each window: 1 while it is open.

    A window that cannot be understood, an unknown time zone say, is no reason to keep quiet: it counts as unusable.
    """
    try:
        known = json.loads(windows.read_text())
    except (OSError, ValueError):
        return []
    now = time.time() if now is None else now
    active, unusable = ["# TYPE platform_maintenance_active gauge"], ["# TYPE platform_maintenance_unusable gauge"]
    for name, window in known.items():
        try:
            value, bad = int(any(begin <= now < end for begin, end in spells(window, now))), 0
        except (ValueError, KeyError, OSError) as problem:  # ZoneInfoNotFoundError is a KeyError
            print(f"maintenance {name} is unusable: {problem}", file=sys.stderr, flush=True)
            value, bad = 0, 1
        covered = [f'plane="{plane}"' for plane in window["planes"]]
        covered += [f'plane="{one["plane"]}",service="{one["service"]}"' for one in window["services"]]
        active += [f'platform_maintenance_active{{window="{name}",{labels}}} {value}' for labels in covered]
        unusable.append(f'platform_maintenance_unusable{{window="{name}"}} {bad}')
    return active + unusable


def spells(window: dict[str, Any], now: float) -> Iterator[tuple[float, float]]:
    """Begin and end (Unix seconds) of the window's occurrences that may hold `now`.

    By the clock of its zone: an hour that a change of the clocks skips begins when the clock has gone on, one that it
    repeats the first time. How long it lasts is real time.
    """
    zone = ZoneInfo(window["timezone"])
    if window["from"]:
        begin, end = (datetime.fromisoformat(window[key]).replace(tzinfo=zone) for key in ("from", "until"))
        yield begin.timestamp(), end.timestamp()
        return
    hour, minute = (int(part) for part in window["start"].split(":"))
    length = int(window["duration"][:-1]) * {"m": 60, "h": 3600}[window["duration"][-1]]
    today = datetime.fromtimestamp(now, zone)
    for day in (today - timedelta(days=1), today):
        if DAYS[day.weekday()] in window["days"]:
            opens = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()
            yield opens, opens + length


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
