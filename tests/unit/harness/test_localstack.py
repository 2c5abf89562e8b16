"""What is said when the emulator does not start, and what its processes are given."""

import json
import socket
from pathlib import Path

import pytest

from tests.harness import bootstrap, localstack
from tests.harness.errors import HarnessError
from tests.harness.localstack import LocalStack


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An emulator whose Python says why it cannot start."""
    python = tmp_path / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nenv\necho 'No module named localstack' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(bootstrap, "venv", lambda name: python)
    return tmp_path


def test_an_emulator_that_does_not_start_is_one_line_with_its_log(broken: Path) -> None:
    with pytest.raises(HarnessError) as caught, LocalStack(broken / "run"):
        pass

    assert caught.value.message == "localstack ended with status 1 before it was ready: No module named localstack"
    assert caught.value.log_path == broken / "run/logs/localstack.log"


def test_its_port_in_use_is_named(broken: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]

        with pytest.raises(HarnessError, match=f"port {port} on 127.0.0.1 is in use.*: localstack needs it"):
            LocalStack(broken / "run", port=port).start()


def test_it_writes_into_its_run_only_and_hands_on_the_functions_environment(broken: Path) -> None:
    emulator = LocalStack(broken / "run", lambda_env={"SSL_CERT_FILE": "/ca.pem"}, region="eu-north-1")
    with pytest.raises(HarnessError):
        emulator.start()

    lines = emulator.log.read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line)
    assert json.loads(given["HARNESS_LAMBDA_ENV"]) == {"SSL_CERT_FILE": "/ca.pem"}
    emulator.override_lambda_env({"SECRET_TTL_SECONDS": "1"})
    assert json.loads(Path(given["HARNESS_LAMBDA_OVERRIDES"]).read_text()) == {"SECRET_TTL_SECONDS": "1"}
    assert all(
        given[name].startswith(str(broken / "run")) for name in ("HOME", "FILESYSTEM_ROOT", "XDG_CACHE_HOME", "TMPDIR")
    )
    assert given["GATEWAY_LISTEN"] == f"127.0.0.1:{emulator.port}"
    assert emulator.environment()["AWS_REGION"] == "eu-north-1"


def test_its_plugin_names_only_what_is_there() -> None:
    entries = (localstack.PLUGIN / "harness_emulator-1.dist-info/entry_points.txt").read_text()

    for line in entries.splitlines():
        if "=" in line:
            module, _, name = line.split("=", 1)[1].strip().partition(":")
            source = (localstack.PLUGIN / f"{module.replace('.', '/')}.py").read_text()
            assert f"def {name}(" in source or f"class {name}(" in source or f"\n{name} = " in source, line
