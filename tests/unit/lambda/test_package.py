"""The packages that are committed: the same bytes for everybody, small, and the same program as the source."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lambda_messages import FIXTURES, fixture
from lambda_standins import PagerDuty, Slack
from lambda_world import SOURCE, Forwarder

DIST = Path(SOURCE) / "dist"
NAMES = ("pagerduty-forwarder", "slack-forwarder", "path-watch")
# What costs time at a cold start and is not needed for one POST.
DEAR = {"logging", "urllib.request", "dataclasses", "asyncio", "xml", "concurrent", "unittest", "subprocess"}


def test_the_committed_packages_are_what_another_checkout_builds_under_another_umask(tmp_path: Path) -> None:
    elsewhere = tmp_path / "another path" / "src"
    shutil.copytree(SOURCE, elsewhere, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    for path in elsewhere.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700 if path.is_dir() else 0o600)

    command = f"umask 077 && exec '{sys.executable}' '{elsewhere}/build.py' '{tmp_path}/dist'"
    subprocess.run(["sh", "-c", command], check=True, timeout=60)

    for name in NAMES:
        built, committed = (folder / f"{name}.zip" for folder in (tmp_path / "dist", DIST))
        assert built.read_bytes() == committed.read_bytes(), "run python3 lambda_src/build.py and commit the result"


@pytest.mark.parametrize("name", NAMES)
def test_a_package_is_small_stored_sorted_and_without_a_trace_of_its_builder(name: str) -> None:
    path = DIST / f"{name}.zip"
    with zipfile.ZipFile(path) as package:
        entries = package.infolist()

    assert path.stat().st_size <= 60_000
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    for entry in entries:
        assert entry.compress_type == zipfile.ZIP_STORED
        assert (entry.date_time, entry.external_attr >> 16, entry.extra) == ((1980, 1, 1, 0, 0, 0), 0o100644, b"")


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_of_a_package_stands_in_the_line_that_it_has_in_the_source(name: str) -> None:
    with zipfile.ZipFile(DIST / f"{name}.zip") as package:
        for path in package.namelist():
            ours = ast.parse((Path(SOURCE) / path).read_text())
            lines = {(type(node), node.lineno) for node in ast.walk(ours) if isinstance(node, ast.stmt)}
            shipped = ast.parse(package.read(path))
            for node in ast.walk(shipped):
                if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass | ast.Assign):
                    assert (type(node), node.lineno) in lines, (path, node.lineno)


def test_what_is_shipped_tells_what_the_source_tells(
    tmp_path: Path, environment: dict[str, str], pagerduty: PagerDuty, slack: Slack
) -> None:
    told = []
    for folder in ("", str(tmp_path)):
        for name, server in (("pagerduty", pagerduty), ("slack", slack)):
            if folder:
                shutil.rmtree(tmp_path / "forwarder", ignore_errors=True)
                with zipfile.ZipFile(DIST / f"{name}-forwarder.zip") as package:
                    package.extractall(tmp_path)
            forwarder = Forwarder(f"{name}_forwarder", lambda: environment, folder)
            for path in sorted(FIXTURES.glob("*.json")):
                event = fixture(path.stem)
                for one in event if isinstance(event, list) else [event]:
                    forwarder.receive(one)
            told.append([(request.path, request.body) for request in server.requests])
            server.requests.clear()

    assert told[:2] == told[2:]
    assert min(len(one) for one in told) > 10


@pytest.mark.parametrize("name", NAMES[:2])  # nobody waits for the third one
def test_a_cold_start_imports_the_standard_library_alone_and_nothing_dear_of_it(name: str) -> None:
    function = name.replace("-", "_")
    code = (
        f"import sys; sys.path.insert(0, {str(DIST / f'{name}.zip')!r}); import {function};print(' '.join(sys.modules))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    loaded = {module for module in ran.stdout.split() if not module.startswith(("forwarder", function))}

    assert {module.split(".")[0] for module in loaded} <= {*sys.stdlib_module_names, "__main__"}
    assert not {module for module in loaded if module in DEAR or module.split(".")[0] in DEAR}
    assert function in ran.stdout
