"""Promtool's unit tests on rendered rules: a test names the groups that it needs, and what fires at which moment."""

import fnmatch
import re
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
    done = _test(suite, rules, tests, interval)
    assert done.returncode == 0, f"promtool of {suite}:\n{done.stdout}{done.stderr}"


def _test(
    suite: str, rules: Mapping[str, Rules], tests: Sequence[Mapping[str, Any]], interval: str
) -> "subprocess.CompletedProcess[str]":
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
        return subprocess.run(
            [programs(suite).promtool, "test", "rules", f"{folder}/case.yml"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )


def _dump(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, width=10_000)


NEVER = [{"labels": "never", "value": 0}]  # a sample that no expression has: promtool then says what it has
GOT = re.compile(r"got:\s*\"?\{[^}]*\}\s*([0-9.E+-]+)")


def values(
    suite: str,
    rules: Mapping[str, Rules],
    test: Mapping[str, Any],
    expressions: Sequence[str],
    at: str,
    interval: str = "15s",
) -> list[float | None]:
    """The value of each expression at a moment; None where it has no series. AssertionError where promtool fails."""
    found: list[float | None] = []
    asked = [{"expr": expr, "eval_time": at, "exp_samples": NEVER} for expr in expressions]
    done = _test(suite, rules, [{**test, "promql_expr_test": asked}], interval)
    said = done.stdout + done.stderr
    for part in re.split(r"\n\s*expr:", said)[1:]:
        got = GOT.search(part)
        assert got or re.search(r"got:\s*nil", part), f"promtool of {suite}:\n{said}"
        found.append(float(got[1]) if got else None)
    assert len(found) == len(expressions), f"promtool of {suite}:\n{said}"
    return found
