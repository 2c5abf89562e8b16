"""The operator's command line, run as an operator runs it."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from tests.harness import paths, process
from tests.harness.errors import HarnessError
from tests.harness.progress import step

TIMEOUT_S = 120


def fill_secrets(secrets_to_fill: Mapping[str, Any], values: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Fill secrets with `alertctl secrets fill`; HarnessError when it refuses, or when one is unfilled afterwards.

    `secrets_to_fill` is Terraform's output of that name, `values` maps file name to value, `environment` says where
    AWS is. The values reach the command by standard input: they lie in no file and on no command line.
    """
    outputs = paths.CACHE / "tmp" / f"outputs-{os.getpid()}.json"
    outputs.parent.mkdir(parents=True, exist_ok=True)
    outputs.write_text(json.dumps({"secrets_to_fill": {"sensitive": False, "value": secrets_to_fill}}))
    try:
        with step(f"{len(values)} secrets filled with alertctl"):
            wanted = ["--outputs", str(outputs)]
            run(["secrets", "fill", *wanted, "--from-file", "-"], environment, json.dumps(dict(values)))
            run(["secrets", "check", *wanted], environment)
    finally:
        outputs.unlink()


def run(arguments: list[str], environment: Mapping[str, str], stdin: str = "") -> str:
    """Run one command; what it said. HarnessError with its own words when its status is not 0."""
    settings = {
        **os.environ,
        **environment,
        "PYTHONPATH": str(paths.ROOT / "tools"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    done = process.run([sys.executable, "-m", "alertctl", *arguments], timeout_s=TIMEOUT_S, env=settings, stdin=stdin)
    if done.returncode:
        raise HarnessError(f"alertctl {' '.join(arguments[:2])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout + done.stderr
