"""Each file of scenarios/ on the real Alertmanager: who is told of what, how often, and how soon."""

import re
import statistics
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.harness import debian, namespace, paths
from tests.harness.errors import HarnessError
from tests.harness.progress import report_to
from tests.harness.scenario import FOLDER, Run, Scenario, play, read, rendered_once, scenarios
from tests.harness.scenario.listener import Heard
from tests.harness.scenario.verdict import differences

LIMITS = paths.ROOT / "docs/limits.md"
# They wait more than they work.
SIDE_BY_SIDE = 18
# Of Alertmanager's processing, in real seconds beyond group_wait; the architecture document promises it. The median is
# judged: the slowest wait for a processor that eighteen Alertmanagers share.
PROCESSING_S = 1.0

ALL = scenarios()
CASES = [(scenario, suite) for scenario in ALL for suite in scenario.suites]


def title(case: tuple[Scenario, str]) -> str:
    scenario, suite = case
    return scenario.title if suite == "bookworm" else f"{scenario.title} ({suite})"


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Run]]]:
    """All chosen scenarios, begun side by side, the longest first: title => what will come of it."""
    items = [item for item in request.session.items if item.path == request.path]
    chosen = {item.callspec.params.get("case") for item in items if hasattr(item, "callspec")}
    everything = any(item.name == test_the_processing_takes_less_than_a_second.__name__ for item in items)
    report_to(lambda line: None)
    rendered = rendered_once()
    namespace.available_way()
    for suite in ("bookworm", "trixie"):
        debian.programs(suite)
    run_dir = paths.new_run("scenarios")
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        cases = [case for case in CASES if everything or title(case) in chosen]
        cases.sort(key=lambda case: -case[0].lasts / case[0].speed)
        yield {
            title(case): pool.submit(play, case[0], rendered, run_dir / f"{case[0].key}-{case[1]}", case[1])
            for case in cases
        }
    finally:
        pool.shutdown(cancel_futures=True)
        report_to(None)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("case", [title(case) for case in CASES], ids=lambda case: re.sub(r"[\[\]:]", "", case))
def test_scenario(runs: dict[str, Future[Run]], case: str) -> None:
    run = runs[case].result()
    if run.problems:
        clock = f"(the scenario's clock was up to {run.clock.late:.2f} s late, at {run.clock.speed:.0f}-fold speed)"
        pytest.fail("\n".join([f"{case} {clock}", *run.problems]), pytrace=False)


@pytest.mark.timeout(400)
def test_the_processing_takes_less_than_a_second(
    runs: dict[str, Future[Run]], capsys: pytest.CaptureFixture[str]
) -> None:
    times = sorted(time for run in runs.values() for time in run.result().processing_s)
    median, slow = statistics.median(times), times[int(len(times) * 0.95)]
    with capsys.disabled():
        print(f"\nAlertmanager's processing of {len(times)} messages: median {median:.3f} s, 95 % below {slow:.3f} s")
    assert median < PROCESSING_S


def test_every_limit_is_on_its_page_with_what_to_do() -> None:
    named = re.findall(r"\(\.\./tests/routing/scenarios/([\w-]+)\.yml\)", LIMITS.read_text())
    assert {scenario.key for scenario in ALL if scenario.limit} <= set(named) <= {scenario.key for scenario in ALL}
    told = " ".join(LIMITS.read_text().split())
    assert [scenario.key for scenario in ALL if " ".join(scenario.limit.split()) not in told] == []


def test_no_two_scenarios_have_one_title() -> None:
    assert len({scenario.title for scenario in ALL}) == len(ALL) == len(list(Path(FOLDER).glob("*.yml")))


def test_a_difference_is_shown_in_two_columns() -> None:
    heard = [Heard(1.0, "#platform-alerts", 0, "firing"), Heard(2.0, "pagerduty", 0, "firing")]
    [text] = differences(read(FOLDER / "info.yml"), heard)
    assert text.splitlines() == [
        "  expected                                        got",
        "  #platform-alerts  DeploymentFinished  firing    #platform-alerts  DeploymentFinished  firing",
        "! #platform-alerts  DeploymentFinished  resolved",
        "!                                                 pagerduty  DeploymentFinished cns-service  firing",
    ]


ALERT = "alerts: [{ at: 0s, until: 5m, labels: { alertname: A } }]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tolld: { A: [pagerduty] }", "unknown key tolld"),
        ("told: { B: [pagerduty] }", "no alert of the scenario is B"),
        ("told: { A: [pagerduty] }\nnot_told: [A]", "A is both told and not told"),
        ("told: { A: [{ to: [pagerduty], within: soon }] }", "soon is no duration"),
        ("told: {}\nfaults: [{ at: 0s, explode: slack }]", "a fault is one of answers, down, kill"),
    ],
)
def test_what_a_file_cannot_mean_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "wrong.yml"
    file.write_text(f"title: Wrong\n{ALERT}\n{text}\n")
    with pytest.raises(HarnessError, match=message):
        read(file)
