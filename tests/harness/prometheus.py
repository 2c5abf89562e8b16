"""A small client of a running Prometheus, its start on a folder of data, and the making of its past."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.harness import process
from tests.harness.debian import Programs
from tests.harness.errors import HarnessError
from tests.harness.progress import step

BACKFILL_TIMEOUT_S = 300
RETENTION = "60d"  # longer than any past that is written


class HttpApi:
    """JSON over HTTP on this machine, never through a proxy."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url.rstrip("/")
        self.name = name
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def request(self, method: str, path: str, body: Any = None, timeout_s: float = 10.0) -> Any:
        """The parsed answer, None if empty, its text if it is no JSON. HarnessError for a refusal or no answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as problem:
            said = problem.read().decode(errors="replace")[:500]
            raise HarnessError(f"{self.name} answered {problem.code} to {method} {path}: {said}") from problem
        except OSError as problem:
            raise HarnessError(f"{self.name} does not answer at {self.url}: {problem}") from problem
        try:
            return json.loads(text) if text.strip() else None
        except ValueError:
            return text

    def is_ready(self) -> bool:
        """Whether it says so itself."""
        return process.answers(f"{self.url}/-/ready")

    def reload(self) -> None:
        """Read the configuration again. HarnessError with its words when it is refused."""
        self.request("POST", "/-/reload", timeout_s=30)


class Sample(NamedTuple):
    """One series' value at one instant."""

    labels: dict[str, str]
    value: float


class Prometheus(HttpApi):
    """`url` is its address without a path."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "Prometheus")

    def query(self, expression: str, at: float | None = None) -> list[Sample]:
        """The instant vector of an expression, now or `at` (Unix seconds). A scalar is one sample without labels."""
        result = self._get("/api/v1/query", {"query": expression, **({"time": f"{at:.3f}"} if at is not None else {})})
        if result["resultType"] == "scalar":
            return [Sample({}, float(result["result"][1]))]
        return [Sample(sample["metric"], float(sample["value"][1])) for sample in result["result"]]

    def value(self, expression: str, at: float | None = None) -> float | None:
        """The one value of an expression; None if there is no series. HarnessError if there are several."""
        samples = self.query(expression, at)
        if len(samples) > 1:
            raise HarnessError(f"{expression} has {len(samples)} series where one was expected")
        return samples[0].value if samples else None

    def query_range(
        self, expression: str, start: float, end: float, step_s: float
    ) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
        """Labels and (Unix seconds, value) points of each series between two instants."""
        window = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step_s}"}
        series = self._get("/api/v1/query_range", window)["result"]
        return [(one["metric"], [(float(at), float(value)) for at, value in one["values"]]) for one in series]

    def alerts(self) -> list[dict[str, Any]]:
        """Pending and firing alerts: labels, annotations, state, activeAt, value."""
        alerts: list[dict[str, Any]] = self._get("/api/v1/alerts")["alerts"]
        return alerts

    def firing(self) -> list[str]:
        """Names of the alerts that fire, sorted, each once."""
        return sorted({alert["labels"]["alertname"] for alert in self.alerts() if alert["state"] == "firing"})

    def rules(self) -> list[dict[str, Any]]:
        """All rules of all groups, each with its group's name and file as `group` and `file`."""
        groups = self._get("/api/v1/rules")["groups"]
        return [{**rule, "group": group["name"], "file": group["file"]} for group in groups for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """Active targets: labels, scrapeUrl, health, lastError."""
        targets: list[dict[str, Any]] = self._get("/api/v1/targets?state=active")["activeTargets"]
        return targets

    def config(self) -> str:
        """The configuration that is loaded, as YAML."""
        return str(self._get("/api/v1/status/config")["yaml"])

    def wait_for(self, expression: str, holds: Callable[[list[Sample]], bool], timeout_s: float = 30.0) -> list[Sample]:
        """Poll an expression until `holds` is true of its samples; returns them. HarnessError after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not holds(samples := self.query(expression)):
            if time.monotonic() > deadline:
                raise HarnessError(f"{expression} is {samples[:5]} after {timeout_s:.0f} s")
            time.sleep(0.2)
        return samples

    def _get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        return self.request("GET", path + query)["data"]


def start(
    supervisor: process.Supervisor,
    programs: Programs,
    config: Path,
    data: Path,
    *flags: str,
    port: int = 0,
    timeout_s: float = 30.0,
) -> Prometheus:
    """A Prometheus with this configuration on the TSDB folder `data`, ready; the supervisor knows it as "prometheus".

    `port` 0 takes a free one. HarnessError when it is not ready after `timeout_s`.
    """
    port = port or process.free_port()
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    command: list[str | Path] = [
        programs.prometheus,
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--web.listen-address=127.0.0.1:{port}",
        *flags,
    ]
    supervisor.start("prometheus", command, ready=prometheus.is_ready, ports=[port], timeout_s=timeout_s)
    return prometheus


def backfill(promtool: Path, openmetrics: Path | Iterable[str], data: Path, block_s: int | None = None) -> None:
    """Write history into the TSDB folder `data` of a Prometheus that does not run yet.

    `openmetrics` is a file or lines in OpenMetrics text with a time in Unix seconds on each sample, the samples of one
    metric together, ending in `# EOF`. `block_s` makes blocks longer than two hours (fewer files, faster to read).
    """
    source = openmetrics if isinstance(openmetrics, Path) else data.with_name(f"{data.name}.openmetrics")
    if not isinstance(openmetrics, Path):
        with source.open("w") as lines:
            lines.writelines(openmetrics)
    data.mkdir(parents=True, exist_ok=True)
    longer = [f"--max-block-duration={block_s}s"] if block_s else []
    command: list[str | Path] = [promtool, "tsdb", "create-blocks-from", "openmetrics", *longer, source, data]
    with step("history written into the TSDB"):
        done = process.run(command, timeout_s=BACKFILL_TIMEOUT_S)
    if done.returncode:
        raise HarnessError(f"promtool could not make blocks: {(done.stderr or done.stdout).strip()[-400:]}", source)
