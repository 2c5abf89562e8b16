"""The real programs of each suite accept what is rendered, and so does a linter that knows what routes mean."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.harness.debian import programs
from tests.rendered.conftest import Release

SUITES = ("bookworm", "trixie")


def accepts(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{Path(command[0]).name}:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("suite", (*SUITES, "forky"))
def test_prometheus_accepts_its_configuration_and_rules(suite: str, release: Release) -> None:
    accepts(programs(suite).promtool, "check", "config", release.folder / "prometheus/prometheus.yml")


@pytest.mark.parametrize("suite", SUITES)
def test_alertmanager_accepts_its_configuration_and_templates(suite: str, release: Release) -> None:
    accepts(programs(suite).amtool, "check-config", release.folder / "alertmanager/alertmanager-production.yml")


@pytest.mark.parametrize("suite", SUITES)
def test_the_blackbox_exporter_accepts_its_modules(suite: str, release: Release) -> None:
    accepts(programs(suite).blackbox, "--config.check", f"--config.file={release.folder}/blackbox/blackbox.yml")


def test_routes_and_inhibitions_make_sense(release: Release) -> None:
    config = release.folder / "alertmanager/alertmanager-production.yml"
    linter = Path(sys.executable).with_name("amlint")
    accepts(linter, "check", "--strict", config, "--rules", f"{release.folder}/prometheus/rules/*.yml")


def test_every_probe_names_a_module_of_the_exporter(release: Release) -> None:
    prometheus = yaml.safe_load(release.rendered.files["prometheus/prometheus.yml"])
    modules = yaml.safe_load(release.rendered.files["blackbox/blackbox.yml"])["modules"] or {}
    used = {
        target["labels"]["__param_module"]
        for job in prometheus["scrape_configs"]
        if job["job_name"].startswith("blackbox-") and job.get("metrics_path") == "/probe"
        for target in job["static_configs"] or []
    }
    assert used == set(modules)


def test_every_file_that_is_read_at_run_time_is_in_the_release_or_a_secret(release: Release) -> None:
    prometheus = yaml.safe_load(release.rendered.files["prometheus/prometheus.yml"])
    rules = {path for path in release.rendered.files if path.startswith("prometheus/rules/")}
    assert {f"prometheus/{file}" for file in prometheus["rule_files"]} == rules

    alertmanager = release.rendered.files["alertmanager/alertmanager-production.yml"]
    secrets = {
        line.split(": ", 1)[1].removeprefix("/etc/alertmanager/secrets/")
        for line in alertmanager.splitlines()
        if "/etc/alertmanager/secrets/" in line
    }
    assert secrets == set(release.rendered.secret_files)
