"""What the host's agent fetches, and what it says when it cannot."""

from pathlib import Path

import pytest

from tests.harness import release
from tests.harness.errors import HarnessError


def agent(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "agent.py").write_text(text)
    monkeypatch.setattr(release, "AGENT", folder / "agent.py")


def test_the_agent_is_run_with_the_emulators_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent(
        tmp_path,
        "import os, sys\nopen(sys.argv[-1], 'w').write(' '.join([*sys.argv[1:6], os.environ['AWS_ENDPOINT_URL']]))",
        monkeypatch,
    )

    fetched = release.fetch_release("b", "k", tmp_path / "out", {"AWS_ENDPOINT_URL": "http://here"})

    assert fetched.read_text() == "fetch --bucket b --key k http://here"


def test_its_last_word_is_the_error(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent(tmp_path, "import sys\nsys.exit('starting\\nno such bucket')", monkeypatch)

    with pytest.raises(HarnessError, match="the host's agent could not secrets: no such bucket") as caught:
        release.fetch_secrets({"a": "x/a"}, tmp_path, {})

    assert caught.value.log_path and "starting" in caught.value.log_path.read_text()
