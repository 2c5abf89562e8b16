"""A Prometheus that evaluates rule files on a written past while its services are scraped, and what that costs."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import psutil
import yaml

from tests.bench.rule_load import Exporter
from tests.harness import paths
from tests.harness.debian import Programs
from tests.harness.process import Process, Supervisor, free_port
from tests.harness.progress import step
from tests.harness.prometheus import Prometheus, backfill

EVALUATION_S = 15
ONE_BLOCK_S = 1458 * 3600  # the next length above thirty days that promtool knows
READY_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 60.0


class Cost(NamedTuple):
    """CPU seconds of an interval of 15 s, and iterations of groups that were missed meanwhile."""

    cpu_s: float
    missed: int


class RuleServer:
    """`services` are scraped; `past` are lines of OpenMetrics text up to now."""

    def __init__(self, supervisor: Supervisor, programs: Programs, services: int, past: Iterable[str]) -> None:
        self._folder = supervisor.run_dir
        port, self._exporter = free_port(), Exporter(services, free_port())
        self.prometheus = Prometheus(f"http://127.0.0.1:{port}")
        backfill(programs.promtool, past, self._folder / "data", block_s=ONE_BLOCK_S)
        (self._folder / "data.openmetrics").unlink()
        self._write(())
        command: list[str | Path] = [
            programs.prometheus,
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            "--storage.tsdb.retention.time=60d",
            "--web.enable-lifecycle",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        self._process: Process = supervisor.start(
            "prometheus", command, ready=self.prometheus.is_ready, ports=[port], timeout_s=READY_TIMEOUT_S
        )

    def __enter__(self) -> Self:
        self._exporter.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stop()
        self._exporter.__exit__(kind, value, trace)

    def cost(
        self, what: str, groups: Sequence[dict[str, Any]], lasts_s: float, warm_s: float = 2 * EVALUATION_S
    ) -> Cost:
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
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def _write(self, groups: Sequence[dict[str, Any]]) -> None:
        every = f"{EVALUATION_S}s"
        targets = [f"127.0.0.1:{self._exporter.port}"]
        config = {
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {"job_name": "services", "honor_labels": True, "static_configs": [{"targets": targets}]},
                {"job_name": "self", "static_configs": [{"targets": [self.prometheus.url.removeprefix("http://")]}]},
            ],
        }
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        (self._folder / "rules.yml").write_text(yaml.dump({"groups": list(groups)}, Dumper=yaml.CSafeDumper))


def new_supervisor() -> Supervisor:
    """A folder of its own for one server."""
    return Supervisor(paths.new_run("rules"))
