"""A case on a real Prometheus with production's intervals.

The hours (or days) before are written into its TSDB: the counters as they would have been scraped, and what the rules
themselves record of them. It starts when the page is due in a few minutes, and scrapes on where the past ended, at the
same moments of every interval: as in promtool's cases, what happens begins right after a scrape. What remains is the
phase of the evaluations, one interval at most.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.harness import process, promtool
from tests.harness.debian import Programs
from tests.harness.detection.cases import SLO, STEP_S, TICKET, TICKET_STEP_S, Case
from tests.harness.detection.records import levels
from tests.harness.errors import HarnessError
from tests.harness.history import DAY_S, Group, evaluate, rules_file
from tests.harness.prometheus import Prometheus, backfill, start
from tests.harness.standins.exporter import Exporter
from tests.harness.traffic import Phase, counted

LEAD_S = 150.0  # from the past's end to the moment that is measured: the past is made in a tenth of it
ENDS_LEAD_S = LEAD_S + 300.0  # the last errors come while the server runs, not in the past that was written for it
TICKET_LEAD_S = LEAD_S + 2 * TICKET_STEP_S  # a ticket holds for an evaluation, and the server knows of none before it
PATIENCE_S = 600.0
AFTER_S = 0.3  # how long after a scrape errors begin; an outage ends as long before one, and leaves no half interval
LABELS = {"job": "control-plane-orchestrator", "plane": "control", "service": "orchestrator"}


class Requests:
    """The counters of a case as a function of time. `scraped` is the scrape (Unix seconds) that is its minute 0."""

    def __init__(self, case: Case, scraped: float) -> None:
        self.case = case
        self.scraped = scraped
        self.zero = scraped + (-AFTER_S if case.kind == "ends" else AFTER_S)
        self.began = self.zero - case.well.minutes * 60
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
    """What is exported now: nothing at first."""

    def __init__(self) -> None:
        self.requests: Requests | None = None

    def metrics(self) -> str:
        shown = self.requests.shown(time.time()) if self.requests else ()
        lines = [f'http_requests_total{{status="{status}"}} {count}\n' for status, count in shown]
        return "".join(["# TYPE http_requests_total counter\n", *lines])


def measure(
    case: Case, due_min: float, files: Mapping[str, str], programs: Programs, folder: Path, stopping: threading.Event
) -> float:
    """Minutes to the case's alert, or to its end, counted as promtool's are; it is due at `due_min`.

    `files` are those of a rendered release. HarnessError when it does not come within ten minutes more, or when
    somebody has set `stopping` meanwhile.
    """
    folder.mkdir(parents=True)
    rules = promtool.select(promtool.parse(files), {"slos.yml": [f"slo-{SLO}", f"slo-{SLO}-*"]})
    groups = rules["slos.yml"]["groups"]
    target = Target()
    with Exporter(target.metrics) as exporter:
        server = Server(groups, files, exporter.target, programs, folder)
        scrape = server.a_scrape()
        now = scrape + STEP_S * int((time.time() - scrape) // STEP_S)
        lead = ENDS_LEAD_S if case.kind == "ends" else TICKET_LEAD_S if case.alert == TICKET else LEAD_S
        due = now + lead - (due_min + case.measured_from) * 60
        target.requests = Requests(case, scrape + STEP_S * round((due - scrape) / STEP_S))
        _write_past(target.requests, groups, exporter.target, now, programs, folder)
        if time.time() > now + lead - 4 * STEP_S:
            raise HarnessError(f"the past of {case.name} took {time.time() - now:.0f} s: the machine is too busy")
        with server.running() as prometheus:
            return _wait(case, prometheus, target.requests, stopping)


def _wait(case: Case, prometheus: Prometheus, requests: Requests, stopping: threading.Event) -> float:
    deadline = time.monotonic() + PATIENCE_S + TICKET_LEAD_S
    begin = requests.scraped + case.measured_from * 60
    while time.monotonic() < deadline:
        if (found := _moment(case, prometheus, begin)) is not None:
            return found
        if stopping.wait(1):
            raise HarnessError(f"{case.name} is stopped")
    raise HarnessError(f"{case.name}: {case.alert} has not answered after {PATIENCE_S + TICKET_LEAD_S:.0f} s")


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


class Server:
    """A Prometheus with rendered rules and intervals that scrapes one target; its data outlive it."""

    def __init__(
        self, groups: Sequence[Group], files: Mapping[str, str], instance: str, programs: Programs, folder: Path
    ) -> None:
        self.folder = folder
        self.programs = programs
        self.groups = groups
        self.rules = rules_file(folder / "data")
        self.rules.parent.mkdir()
        target = {"targets": [instance], "labels": {k: v for k, v in LABELS.items() if k != "job"}}
        config = {
            "global": yaml.safe_load(files["prometheus/prometheus.yml"])["global"],
            "rule_files": [str(self.rules)],
            "scrape_configs": [{"job_name": LABELS["job"], "static_configs": [target]}],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    @contextmanager
    def running(self, data: str = "data") -> Iterator[Prometheus]:
        self.rules.write_text(yaml.safe_dump({"groups": list(self.groups)}, sort_keys=False, width=10_000))
        with process.Supervisor(self.folder) as supervisor:
            yield start(supervisor, self.programs, self.folder / "prometheus.yml", self.folder / data)

    def a_scrape(self) -> float:
        """The moment of one scrape (Unix seconds): a server scrapes a target at the same phase after every start."""
        with self.running("first") as prometheus:
            [sample] = prometheus.wait_for("max(timestamp(up == 1))", bool, timeout_s=4 * STEP_S)
            return sample.value


def _write_past(
    requests: Requests, groups: Sequence[Group], instance: str, now: float, programs: Programs, folder: Path
) -> None:
    steps = int((now - requests.began) / STEP_S)
    lines = _openmetrics(requests, instance, [now - STEP_S * number for number in range(steps, -1, -1)])
    backfill(programs.promtool, lines, folder / "data", block_s=DAY_S * 10)
    between = (int(now - STEP_S * steps) + 1, int(now) + 1)  # right after the scrapes, so that none is left uncounted
    for level in levels(groups):
        evaluate(level, f"{STEP_S}s", between, programs, folder / "data")


def _openmetrics(requests: Requests, instance: str, scrapes: Sequence[float]) -> Iterator[str]:
    yield "# TYPE http_requests counter\n"
    labels = ",".join(f'{name}="{value}"' for name, value in {**LABELS, "instance": instance}.items())
    for status in ("200", "500"):
        for when in scrapes:
            for shown, count in requests.shown(when):
                if shown == status:
                    yield f'http_requests_total{{{labels},status="{status}"}} {count} {when:.3f}\n'
    yield "# EOF\n"
