"""Settings of the module: rule files of one's own, and what is refused with the remedy."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import paths
from tests.harness.debian import programs
from tests.harness.errors import HarnessError
from tests.harness.latency import Budget, budget
from tests.harness.render import render
from tests.rendered.conftest import ANANTA, FAST, on_disk
from tests.rendered.test_accepted import accepts

MINIMAL = paths.ROOT / "examples/minimal"
OWN_RULES = """groups:
  - name: own
    rules:
      - alert: QueueOld
        expr: shop_oldest_job_seconds > 600
        labels: { severity: warning, category: availability, plane: shop }
        annotations: { summary: "The oldest job waits {{ $value }} s" }
"""


@pytest.mark.parametrize("suite", ["bookworm", "trixie", "forky"])
def test_rule_files_of_ones_own_are_loaded_and_checked(suite: str, tmp_path: Path) -> None:
    release = on_disk(render(MINIMAL, {"monitoring": {"extra_rules": {"own.yml": OWN_RULES}}}), tmp_path)
    assert release.rendered.files["prometheus/rules/own.yml"] == OWN_RULES
    accepts(programs(suite).promtool, "check", "config", release.folder / "prometheus/prometheus.yml")


@pytest.mark.parametrize(
    ("monitoring", "told"),
    [
        ({"retention_days": 30}, "monitoring.retention_days is 30"),
        ({"extra_rules": {"slos.yml": OWN_RULES}}, "give yours another name"),
        ({"extra_rules": {"../own.yml": OWN_RULES}}, "a key is a file name"),
        ({"timings": {"group_wait": "soon"}}, "each is a duration"),
        ({"page_timings": "quick"}, 'monitoring.page_timings is "quick": use "standard" or "fast"'),
        ({"timings": {"hold_factor": -1}}, "monitoring.timings.hold_factor is -1"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_remedy(monitoring: dict[str, Any], told: str) -> None:
    with pytest.raises(HarnessError, match=told.replace(".", r"\.")):
        render(MINIMAL, {"monitoring": monitoring})


def test_drills_shorten_every_hold_and_every_interval() -> None:
    files = render(MINIMAL, {"monitoring": FAST}).files
    rules = {
        rule["alert"]: rule
        for path, text in files.items()
        if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert rules["ServiceDown"]["for"] == "3s"
    assert rules["HTTPEndpointDown"]["for"] == "6s"
    config = yaml.safe_load(files["prometheus/prometheus.yml"])
    assert config["global"] == {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    groups = {g["name"]: g.get("interval") for g in yaml.safe_load(files["prometheus/rules/slos.yml"])["groups"]}
    assert (groups["slo-web-details"], groups["slo-web-budget"]) == ("4s", "16s")


@pytest.mark.parametrize(
    ("monitoring", "expected"),
    [
        ({}, Budget(15, 10, 15, 60, 30)),
        ({"page_timings": "fast"}, Budget(5, 3, 5, 15, 5)),
        ({"page_timings": "fast", "timings": {"down_hold": "30s"}}, Budget(5, 3, 5, 30, 5)),
        ({"timings": {"evaluation_interval": "30s", "group_wait": "10s"}}, Budget(15, 10, 30, 60, 10)),
    ],
)
def test_a_page_waits_for_what_is_set(monitoring: dict[str, Any], expected: Budget) -> None:
    assert budget(render(ANANTA, {"monitoring": monitoring}).files) == expected


def test_fast_pages_leave_channels_and_slower_rules_as_they_are() -> None:
    files = render(MINIMAL, {"monitoring": {"page_timings": "fast"}}).files
    assert yaml.safe_load(files["alertmanager/alertmanager-production.yml"])["route"]["group_wait"] == "30s"
    assert yaml.safe_load(files["prometheus/prometheus.yml"])["global"]["evaluation_interval"] == "15s"


def test_the_same_input_gives_the_same_hash_and_another_gives_another() -> None:
    first, again, other = render(MINIMAL), render(MINIMAL), render(MINIMAL, {"monitoring": FAST})
    assert first.hash == again.hash != other.hash
