"""How long `make render` takes for a large platform, 1,000 services with metrics and a probe, an SLO every tenth."""

import resource
import statistics
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.bench.part import Part, Row
from tests.harness import paths, process
from tests.harness.errors import HarnessError
from tests.harness.progress import step
from tests.harness.terraform import terraform_program

SERVICES, PLANES, SLO_EVERY = 1000, 5, 10
LIMIT_S = 10.0
ROUNDS = 3
TIMEOUT_S = 120.0


def run() -> Iterator[Row]:
    """Wall and CPU of the command, and what came out."""
    folder = paths.new_run("bench-render")
    example, out = folder / "example", folder / "out"
    example.mkdir()
    (example / "platform.yaml").write_text(yaml.safe_dump(platform(SERVICES)))
    with step(f"{ROUNDS} × make render for {SERVICES:,} services"):
        took = [_render(example, out) for _ in range(ROUNDS)]
    jobs = (out / "prometheus/prometheus.yml").read_text().count("job_name: plane-")
    if jobs != SERVICES:
        raise HarnessError(f"{jobs} jobs were rendered for {SERVICES} services")
    kilobytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1000
    made_of = f"{ROUNDS} rounds; {PLANES} teams, {SERVICES // SLO_EVERY} SLOs, {kilobytes:,.0f} KB of files"
    wall, cpu = (statistics.median(one[side] for one in took) for side in (0, 1))
    yield Row(f"`make render` for {SERVICES:,} services, wall", wall, "s", LIMIT_S, made_of)
    yield Row(f"`make render` for {SERVICES:,} services, CPU", cpu, "s")


def platform(services: int) -> dict[str, Any]:
    """A catalogue of that many services."""
    names = [f"service-{number:04}" for number in range(services)]
    planes = [f"plane-{number}" for number in range(PLANES)]
    return {
        "name": "large",
        "planes": {plane: {} for plane in planes},
        "services": {name: _service(name, planes[number % PLANES]) for number, name in enumerate(names)},
        "slos": {name.replace("-", "_"): _slo(name) for name in names[::SLO_EVERY]},
        "severities": {
            "critical": {"pagerduty": "pagerduty_key", "slack": "#critical", "email": "oncall@example.org"},
            "warning": {"slack": "#warnings"},
        },
        "teams": {
            f"{plane}-team": {"planes": [plane], "slack": f"#{plane}", "email": f"{plane}@example.org"}
            for plane in planes
        },
    }


def _service(name: str, plane: str) -> dict[str, Any]:
    return {
        "plane": plane,
        "metrics": {"targets": [f"{name}:8080"]},
        "probes": [{"http": f"http://{name}:8080/health"}],
    }


def _slo(service: str) -> dict[str, Any]:
    return {
        "objective": 99.9,
        "pages": True,
        "sli": {"requests": {"service": service}},
        "latency": {"p95": 0.5, "p99": 2},
    }


def _render(example: Path, out: Path) -> tuple[float, float]:
    """Wall and CPU seconds of the command, everything that it starts included."""
    began, before = time.monotonic(), _children_s()
    done = process.run(["make", "render", f"EXAMPLE={example}", f"OUT={out}"], timeout_s=TIMEOUT_S, cwd=paths.ROOT)
    if done.returncode:
        raise HarnessError(f"make render failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return time.monotonic() - began, _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def versions() -> Mapping[str, str]:
    """The Terraform that rendered."""
    said = process.run([*terraform_program(), "version"], timeout_s=30).stdout
    return {"Terraform": said.split()[1].removeprefix("v")}


PART = Part("render", run, versions)
