"""Every rule has a case: a file of tests that say which alerts fire at which moment, exactly."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import promtool

CASES = sorted((Path(__file__).parent / "cases").glob("*.yml"))


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def needed(rules: Mapping[str, promtool.Rules], case: Mapping[str, Any]) -> dict[str, promtool.Rules]:
    """The case's groups. With `services` the catalogue knows only these: all others would count as absent."""
    selected = promtool.select(rules, case["rules"])
    return {
        name: {"groups": [known(group, case.get("services")) for group in content["groups"]]}
        for name, content in selected.items()
    }


def known(group: dict[str, Any], services: list[str] | None) -> dict[str, Any]:
    if services is None or not group["name"].startswith("catalogue-"):
        return group
    return {**group, "rules": [rule for rule in group["rules"] if rule["labels"]["service"] in services]}


def promtool_tests(case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for test in case["tests"]:
        pattern = test.get("alerts", case.get("alerts", ""))
        only = f'alertname=~"{pattern}"' if pattern else ""
        yield {
            "name": test["name"],
            "interval": test.get("interval", "15s"),
            "input_series": [{"series": name, "values": values} for name, values in test["series"].items()],
            "promql_expr_test": [
                *(promtool.firing(at, alerts, only) for at, alerts in test.get("firing", {}).items()),
                *(
                    {"expr": expr, "eval_time": at, "exp_samples": samples}
                    for at, values in test.get("values", {}).items()
                    for expr, samples in values.items()
                ),
            ],
        }


@pytest.mark.parametrize("suite", promtool.SUITES)
@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_alerts_fire_when_they_should(suite: str, path: Path, rules: dict[str, promtool.Rules]) -> None:
    case = load(path)
    promtool.run(suite, needed(rules, case), list(promtool_tests(case)))
