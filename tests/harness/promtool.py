"""Promtool's unit tests on rendered rules: a test names the groups that it needs, and what fires at which moment."""

import fnmatch
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.harness.debian import programs

SUITES = ("bookworm", "trixie", "forky")
TIMEOUT_S = 110
RULES = "prometheus/rules/"

Rules = dict[str, Any]
Labels = Mapping[str, str]


def parse(files: Mapping[str, str]) -> dict[str, Rules]:
    """Rule files of a release (file name → parsed)."""
    return {path.removeprefix(RULES): yaml.safe_load(text) for path, text in files.items() if path.startswith(RULES)}


def select(rules: Mapping[str, Rules], wanted: Mapping[str, Sequence[str]]) -> dict[str, Rules]:
    """The groups that match a pattern of their file, in their order. A pattern that matches none is an error."""
    selected = {}
    for file, patterns in wanted.items():
        names = [group["name"] for group in rules[file]["groups"]]
        for pattern in patterns:
            assert fnmatch.filter(names, pattern), f"{file} has no group {pattern}, only {', '.join(names)}"
        matching = {name for pattern in patterns for name in fnmatch.filter(names, pattern)}
        selected[file] = {"groups": [group for group in rules[file]["groups"] if group["name"] in matching]}
    return selected


def firing(at: str, alerts: Iterable[Labels], only: str = "") -> dict[str, Any]:
    """A check: exactly these alerts fire at this moment (`only`: of those that match the PromQL matchers)."""
    matchers = ",".join(filter(None, ['alertstate="firing"', only]))
    samples = [{"labels": series("ALERTS", {**labels, "alertstate": "firing"}), "value": 1} for labels in alerts]
    return {"expr": f"ALERTS{{{matchers}}}", "eval_time": at, "exp_samples": samples}


def never_fired(until: str, alert: str) -> dict[str, Any]:
    """A check: the alert has fired at no moment before."""
    return {
        "expr": f'count_over_time(ALERTS{{alertname="{alert}",alertstate="firing"}}[2d])',
        "eval_time": until,
        "exp_samples": [],
    }


def series(name: str, labels: Labels) -> str:
    inner = ",".join(f"{key}={_quoted(value)}" for key, value in sorted(labels.items()))
    return f"{name}{{{inner}}}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def run(suite: str, rules: Mapping[str, Rules], tests: Sequence[Mapping[str, Any]], interval: str = "15s") -> None:
    """Run promtool's tests; its report is the assertion's message."""
    order = [group["name"] for content in rules.values() for group in content["groups"]]
    with tempfile.TemporaryDirectory(prefix="promtool-") as folder:
        for name, content in rules.items():
            (Path(folder) / name).write_text(_dump(content))
        case = {
            "rule_files": list(rules),
            "evaluation_interval": interval,
            "group_eval_order": order,
            "tests": [{"interval": interval, **test} for test in tests],
        }
        (Path(folder) / "case.yml").write_text(_dump(case))
        done = subprocess.run(
            [programs(suite).promtool, "test", "rules", f"{folder}/case.yml"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 0, f"promtool of {suite}:\n{done.stdout}{done.stderr}"


def _dump(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, width=10_000)
