"""The AWS half of a deployment: an example applied to the emulator, its secrets filled by the product's command."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.harness import paths, process
from tests.harness.errors import HarnessError
from tests.harness.localstack import LocalStack
from tests.harness.progress import step
from tests.harness.release import fetch_release, fetch_secrets
from tests.harness.terraform import Terraform, example

FILL_TIMEOUT_S = 120
# The emulator is thrown away: nothing needs to outlive it.
DISPOSABLE = {"disposable": True}


class Cloud:
    """One applied example. `outputs` are the root module's, `module` what the alerting module says of itself."""

    def __init__(self, localstack: LocalStack, terraform: Terraform) -> None:
        self.localstack = localstack
        self.terraform = terraform
        self.outputs = terraform.output()
        self.module: dict[str, Any] = self.outputs["alerting"]

    def fill_secrets(self, values: Mapping[str, str]) -> None:
        """Write values (file name → value) with `alertctl secrets fill`, as an operator would."""
        wanted = {name: value for name, value in values.items() if name in self.outputs["secrets_to_fill"]}
        outputs = self.terraform.folder / "outputs.json"
        outputs.write_text(json.dumps({"secrets_to_fill": self.outputs["secrets_to_fill"]}))
        with step(f"{len(wanted)} secrets filled"):
            done = process.run(
                [sys.executable, "-m", "alertctl", "secrets", "fill", "--outputs", outputs, "--from-file", "-"],
                timeout_s=FILL_TIMEOUT_S,
                env={**os.environ, **self.localstack.environment(), "PYTHONPATH": str(paths.ROOT / "tools")},
                stdin=json.dumps(wanted),
            )
        if done.returncode:
            raise HarnessError(f"the secrets could not be filled: {done.stderr.strip() or done.stdout.strip()}")

    def versions(self) -> dict[str, str]:
        """What answered for AWS, and what applied."""
        return {"LocalStack": self.localstack.version(), **self.terraform.versions()}

    def fetch(self, folder: Path) -> Path:
        """The config release and the secrets below `folder`, fetched as the host fetches them; the release's folder."""
        release, environment = self.module["config_release"], self.localstack.environment()
        fetch_release(release["bucket"], release["key"], folder, environment)
        laid_out: Path = folder / "releases" / release["hash"]
        ids = {name: secret["id"] for name, secret in self.outputs["secrets_to_fill"].items()}
        fetch_secrets(ids, laid_out / "secrets", environment)
        return laid_out


def apply(name: str, run_dir: Path, world_ca: Path, variables: Mapping[str, Any]) -> tuple[LocalStack, Cloud]:
    """Start an emulator and apply an example to it. The caller stops the emulator."""
    localstack = LocalStack(run_dir, lambda_env={"SSL_CERT_FILE": str(world_ca)}).start()
    try:
        terraform = example(name, run_dir, localstack.url, {**DISPOSABLE, **variables})
        terraform.init(readonly_lock=True)
        terraform.apply()
        return localstack, Cloud(localstack, terraform)
    except BaseException:
        localstack.stop()
        raise
