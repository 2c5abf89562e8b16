"""The host's scripts run against programs that stand in for aws, docker and the disk tools: real processes on PATH."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.harness import paths

SCRIPT = """#!{python}
import json, pathlib, sys
here = pathlib.Path({folder!r})
words = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
with (here / "calls").open("a") as file:
    file.write(json.dumps(words) + "\\n")
line = " ".join(words)
for rule in json.loads((here / "rules").read_text()):
    if line.startswith(rule["begin"]):
        if "body" in rule:
            pathlib.Path(words[-3]).write_text(rule["body"])
        sys.stdout.write(rule.get("out", ""))
        sys.stderr.write(rule.get("err", ""))
        sys.exit(rule.get("status", 0))
"""
PROGRAMS = ("aws", "docker", "blkid", "mkfs.xfs", "mount", "systemctl")


class Programs:
    """Stand-ins on PATH: what they were called with, and what they answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rules: list[dict[str, Any]] = []
        self._write()
        for name in PROGRAMS:
            path = folder / name
            path.write_text(SCRIPT.format(python=sys.executable, folder=str(folder)))
            path.chmod(0o755)

    def answer(self, begin: str, **rule: Any) -> None:
        """From now on a call that begins so answers out, err, status; a later rule goes first."""
        self.rules.insert(0, {"begin": begin, **rule})
        self._write()

    def calls(self, program: str) -> list[list[str]]:
        """The calls of one program, without its name."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [words[1:] for words in map(json.loads, lines) if words[0] == program]

    def _write(self) -> None:
        (self.folder / "rules").write_text(json.dumps(self.rules))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Programs(folder)


def load(name: str) -> ModuleType:
    """A script of the host as a module."""
    spec = importlib.util.spec_from_file_location(f"host_{name}", paths.ROOT / f"monitoring_configs/host/{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def agent() -> ModuleType:
    return load("agent")


@pytest.fixture(scope="session")
def heartbeat() -> ModuleType:
    return load("heartbeat")
