"""Targets that answer slowly are counted whole, whatever the moments of scrapes and evaluations are to each other.

A sample is dated by the scrape's begin and there at its end: of a scrape that is under way at every evaluation, rules
that compare now with one evaluation ago would see nothing at all.
"""

import time
from contextlib import ExitStack
from pathlib import Path

import yaml

from tests.harness import paths, prometheus, promtool
from tests.harness.debian import programs
from tests.harness.process import Supervisor
from tests.harness.prometheus import Prometheus
from tests.harness.render import render
from tests.harness.standins.exporter import Exporter

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

    def metrics(self) -> str:
        self.scrapes += not self.idle
        time.sleep(ANSWERS_AFTER_S)
        counts = {"200": 6 * self.scrapes, "500": self.scrapes}
        return "".join(f'{REQUESTS}{{status="{status}"}} {count}\n' for status, count in counts.items())


def start(supervisor: Supervisor, folder: Path, targets: list[str]) -> Prometheus:
    """A Prometheus that scrapes these replicas and evaluates what counts the control plane's requests."""
    timings = {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY}
    files = render(paths.ROOT / "examples/ananta", {"monitoring": {"timings": timings}}).files
    rules = promtool.select(promtool.parse(files), {"slos.yml": ["slo-control_plane"]})["slos.yml"]
    config = {
        "global": timings,
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": "slow", "static_configs": [{"targets": targets, "labels": {"plane": "control"}}]}
        ],
    }
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    return prometheus.start(supervisor, programs(), folder / "prometheus.yml", folder / "data")


def test_every_request_of_a_slow_target_is_counted_once(tmp_path: Path) -> None:
    replicas = [Replica() for _ in range(REPLICAS)]
    with ExitStack() as served, Supervisor(tmp_path) as supervisor:
        targets = [served.enter_context(Exporter(replica.metrics)).target for replica in replicas]
        server = start(supervisor, tmp_path, targets)
        server.wait_for(f"count({EVENTS}:seen)", lambda seen: [s.value for s in seen] == [2 * REPLICAS])
        for idle in (False, True):
            for replica in replicas:
                replica.idle = idle
            time.sleep(0 if idle else COUNTED_S)
        # The last scrape that saw it grow, and the evaluation after it.
        server.wait_for(
            f"sum({REQUESTS})", lambda seen: sum(s.value for s in seen) == 7 * sum(r.scrapes for r in replicas)
        )
        time.sleep(2)
        for name, statuses in {"total": ".*", "bad": "5.."}.items():
            counted = f'{REQUESTS}{{status=~"{statuses}"}}[5m]'
            grown = server.value(f"sum(max_over_time({counted}) - min_over_time({counted}))")
            assert grown and grown > REPLICAS * 5
            assert server.value(f"sum_over_time({EVENTS}:{name}[5m])") == grown
