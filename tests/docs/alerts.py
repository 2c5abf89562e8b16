"""Every alert that the module can fire, by the name of its runbook page, with the line that the page says of it.

critical · availability · after 1m                                            an alert of the rendered rule files
warning · database · CPUUtilization above 80 % · 10 periods of 60 s           an alarm of the alarm catalogue
warning · slo · burn rate above 3 (1d and 2h) or above 1 (3d and 6h)          an alarm over the windows of a burn rate
critical · monitoring                                                         an alarm that watches the alert path
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.harness import paths
from tests.harness.errors import HarnessError
from tests.harness.terraform import terraform_environment, terraform_program

RUNBOOKS = "https://runbooks.example.org"
ALARM_CATALOGUE = paths.ROOT / "modules/cloudwatch-alarms/alarm-catalogue.tf"
READ_OUT = """
output "alarms" {
  value = {
    for section, rows in local.alarm_catalogue : local.runbook_of_section[section] => {
      for suffix, row in rows : suffix => merge(local.alarm_defaults, row)
    }
  }
}
output "burn_rules" {
  value = local.burn_rules
}
"""
OF_SYMPTOMS = {"database-symptoms": "critical or warning · database · a symptom holds, and no cause"}
SEVERITIES = ("critical", "warning", "info", "none")


def of_rules(files: Mapping[str, str]) -> dict[str, str]:
    """The alerts of rendered rule files (path => content), whose links begin with RUNBOOKS."""
    found: dict[str, dict[str, set[str]]] = {}
    for name, text in files.items():
        if "prometheus/rules/" not in name:
            continue
        for rule in (rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if "alert" in rule):
            page = rule["annotations"]["runbook_url"].removeprefix(f"{RUNBOOKS}/")
            said = found.setdefault(page, {"severity": set(), "category": set(), "hold": set()})
            said["severity"].add(rule["labels"]["severity"])
            said["category"].add(rule["labels"]["category"])
            said["hold"].add(f"after {rule['for']}" if "for" in rule else "at once")
    return {page: _rule_line(said) for page, said in found.items()}


def _rule_line(said: Mapping[str, set[str]]) -> str:
    severities = [severity for severity in SEVERITIES if severity in said["severity"]]
    return " · ".join(" or ".join(words) for words in (severities, sorted(said["category"]), sorted(said["hold"])))


def of_alarms(folder: Path) -> dict[str, str]:
    """The alarm catalogue, read by Terraform without a provider in the empty `folder`. Raises HarnessError."""
    shutil.copy2(ALARM_CATALOGUE, folder)
    (folder / "read-out.tf").write_text(READ_OUT)
    _terraform(folder, "apply", "-auto-approve", "-input=false", "-no-color")
    told = {name: output["value"] for name, output in json.loads(_terraform(folder, "output", "-json")).items()}
    catalogue: dict[str, dict[str, dict[str, Any]]] = told["alarms"]
    burning = {
        f"load-balancer-burning-{speed}": " · ".join(
            (" or ".join(rule["severities"]), "slo", _burn_line(rule["clauses"]))
        )
        for speed, rule in told["burn_rules"].items()
    }
    return (
        {
            f"{kind}-{suffix}": " · ".join(
                (
                    row["severity"],
                    row["category"],
                    f"{row['metric']} {row['comparison']} {row['threshold']} {row['unit']}",
                    f"{row['periods']} period{'' if row['periods'] == 1 else 's'} of {row['period']} s",
                )
            )
            for kind, rows in catalogue.items()
            for suffix, row in rows.items()
        }
        | burning
        | OF_SYMPTOMS
    )


def _burn_line(clauses: Iterable[Iterable[Mapping[str, Any]]]) -> str:
    """`burn rate above 14.4 (1h and 5m) or above 6 (6h and 30m) and above 1 (5m)`."""
    told = []
    for clause in clauses:
        windows: dict[float, list[str]] = {}
        for part in clause:
            windows.setdefault(part["above"], []).append(part["window"])
        told.append(" and ".join(f"above {above} ({' and '.join(names)})" for above, names in windows.items()))
    return "burn rate " + " or ".join(told)


def _terraform(folder: Path, *arguments: str) -> str:
    """Its standard output. Raises HarnessError."""
    done = subprocess.run(
        [*terraform_program(), *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, env=terraform_environment(), check=False,
    )  # fmt: skip
    if done.returncode:
        raise HarnessError(f"the alarm catalogue cannot be read: {done.stderr.strip()}")
    return done.stdout


def of_watchers(descriptions: Iterable[str], runbooks: str) -> dict[str, str]:
    """The alarms that watch the alert path, from the descriptions of a plan whose links begin with `runbooks`."""
    found = {}
    for description in descriptions:
        page = re.search(rf"^Runbook: {re.escape(runbooks)}/(\S+)$", description, re.MULTILINE)
        labels = re.search(r"^Labels: severity=(\w+), category=(\w+)$", description, re.MULTILINE)
        if page and labels:
            found[page[1]] = f"{labels[1]} · {labels[2]}"
    return found
