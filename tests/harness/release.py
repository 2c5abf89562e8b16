"""The config release and the secrets, fetched as the host does it: by the product's agent and the AWS command line."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.harness import paths, process
from tests.harness.errors import HarnessError
from tests.harness.progress import step

AGENT = paths.ROOT / "monitoring_configs/host/agent.py"
TIMEOUT_S = 120


def fetch_release(bucket: str, key: str, destination: Path, environment: Mapping[str, str]) -> Path:
    """Write the release's files below `destination`, as on the host; returns it. `environment` says where AWS is."""
    with step("config release fetched as the host fetches it"):
        _agent(["fetch", "--bucket", bucket, "--key", key, "--dest", str(destination)], environment)
    return destination


def fetch_secrets(secrets: Mapping[str, str], destination: Path, environment: Mapping[str, str]) -> Path:
    """Write secrets (file name → secret id) as files below `destination`; returns it."""
    with step(f"{len(secrets)} secrets fetched as the host fetches them"):
        _agent(["secrets", "--map", json.dumps(dict(secrets)), "--dest", str(destination)], environment)
    return destination


def _agent(arguments: list[str], environment: Mapping[str, str]) -> None:
    # The `aws` on PATH is the one of this virtual environment.
    binaries = Path(sys.executable).parent
    settings = {
        **os.environ,
        **environment,
        "PATH": os.pathsep.join([str(binaries), os.environ.get("PATH", "/usr/bin:/bin")]),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    done = process.run([sys.executable, AGENT, *arguments], timeout_s=TIMEOUT_S, env=settings)
    if done.returncode:
        log = paths.log_file("agent")
        log.write_text(done.stdout + done.stderr)
        last = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise HarnessError(f"the host's agent could not {arguments[0]}: {last[-1]}", log)
