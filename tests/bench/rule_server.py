"""A Prometheus that evaluates rule files on a written past while its services are scraped, and what that costs."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import psutil
import yaml

from tests.bench.rule_load import exported
from tests.harness import paths
from tests.harness.debian import Programs
from tests.harness.process import Supervisor, free_port
from tests.harness.progress import step
from tests.harness.prometheus import Prometheus, backfill, start
from tests.harness.standins.exporter import Exporter

EVALUATION_S = 15
ONE_BLOCK_S = 1458 * 3600  # the next length above thirty days that promtool knows
READY_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 60.0


class Cost(NamedTuple):
    """CPU seconds of an interval of 15 s, and iterations of groups that were missed meanwhile."""

    cpu_s: float
    missed: int


class RuleServer:
    """Runs in a `rule_server` block."""

    def __init__(self, supervisor: Supervisor, target: str, port: int) -> None:
        self.folder = supervisor.run_dir
        self.config = self.folder / "prometheus.yml"
        self._supervisor, self._target = supervisor, target
        self.prometheus = Prometheus(f"http://127.0.0.1:{port}")
        self._write(())

    def cost(self, what: str, groups: Sequence[dict[str, Any]], lasts_s: float) -> Cost:
        """Evaluate these groups, and nothing else, for a while. Whole intervals are counted."""
        self._write(groups)
        self.prometheus.reload()
        time.sleep(EVALUATION_S + 1)
        with step(f"{what}: {lasts_s:.0f} s"):
            missed, cpu, began = self._missed(), self._cpu(), time.monotonic()
            time.sleep(lasts_s)
            used, took = self._cpu() - cpu, time.monotonic() - began
        return Cost(used / took * EVALUATION_S, int(self._missed() - missed))

    def series(self, label: str) -> int:
        """How many series with this label were recorded just now."""
        return int(self._value(f'count({{__name__=~"slo:.+",{label}!=""}})'))

    def _missed(self) -> float:
        return self._value("sum(prometheus_rule_group_iterations_missed_total)")

    def _value(self, expression: str) -> float:
        """Of one sample, 0 without; a server with a thousand SLOs may take its time."""
        answer = self.prometheus.request("GET", f"/api/v1/query?query={quote(expression)}", timeout_s=ANSWER_TIMEOUT_S)
        return float(next((sample["value"][1] for sample in answer["data"]["result"]), 0))

    def _cpu(self) -> float:
        times = psutil.Process(self._supervisor.processes["prometheus"].pid).cpu_times()
        return float(times.user + times.system)

    def _write(self, groups: Sequence[dict[str, Any]]) -> None:
        every = f"{EVALUATION_S}s"
        config = {
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {"job_name": "services", "honor_labels": True, "static_configs": [{"targets": [self._target]}]},
                {"job_name": "self", "static_configs": [{"targets": [self.prometheus.url.removeprefix("http://")]}]},
            ],
        }
        self.config.write_text(yaml.safe_dump(config))
        (self.folder / "rules.yml").write_text(yaml.dump({"groups": list(groups)}, Dumper=yaml.CSafeDumper))


@contextmanager
def rule_server(programs: Programs, services: int, past: Iterable[str]) -> Iterator[RuleServer]:
    """A server in a folder of its own. `services` are scraped; `past` are lines of OpenMetrics text up to now."""
    with Supervisor(paths.new_run("rules")) as supervisor, Exporter(exported(services)) as exporter:
        server, data = RuleServer(supervisor, exporter.target, port := free_port()), supervisor.run_dir / "data"
        backfill(programs.promtool, past, data, block_s=ONE_BLOCK_S)
        data.with_suffix(".openmetrics").unlink()
        start(supervisor, programs, server.config, data, "--web.enable-lifecycle", port=port, timeout_s=READY_TIMEOUT_S)
        yield server
