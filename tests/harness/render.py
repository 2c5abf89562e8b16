"""The config release as plain files, without AWS and without provider: `python -m tests.harness.render EXAMPLE OUT`.

Terraform evaluates `tools/render`, which reads the example's platform.yaml and terraform.tfvars and calls the same pure
modules that an apply does: the files are those that the host would load, and a mistake is told in the same words.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.harness import paths
from tests.harness.catalogue import read_catalogue
from tests.harness.errors import HarnessError
from tests.harness.terraform import terraform_environment, terraform_program

ROOT_MODULE = paths.ROOT / "tools/render"
TIMEOUT_S = 120


class Rendered(NamedTuple):
    """`files`: path → content. `secret_files`: file name → what it holds. `catalogue`: normalised."""

    files: dict[str, str]
    hash: str
    secret_files: dict[str, str]
    catalogue: dict[str, Any]


def render(example: Path, settings: Mapping[str, Any] | None = None, catalogue: Path | None = None) -> Rendered:
    """Render an example's folder.

    `settings` overrides variables of its terraform.tfvars (monitoring, smtp, external_urls, …) as whole values;
    `catalogue` is read in place of its platform.yaml. Raises HarnessError with Terraform's own message.
    """
    platform = (catalogue or example / "platform.yaml").resolve()
    read_catalogue(platform)
    with tempfile.TemporaryDirectory(prefix="render-") as scratch:
        overrides = Path(scratch) / "settings.tfvars.json"
        overrides.write_text(json.dumps({"platform_file": str(platform), **(settings or {})}))
        tfvars = example.resolve() / "terraform.tfvars"
        files = [str(path) for path in (tfvars, overrides) if path.is_file()]
        environment = terraform_environment({"TF_DATA_DIR": f"{scratch}/data"})
        _terraform(["init", "-input=false", "-backend=false"], environment)
        # A plan evaluates everything once, an apply twice.
        plan = f"{scratch}/plan"
        inputs = [f"-var-file={file}" for file in files]
        _terraform(["plan", "-json", "-input=false", "-lock=false", f"-out={plan}", *inputs], environment)
        planned = json.loads(_terraform(["show", "-json", plan], environment))
    value = json.loads(planned["planned_values"]["outputs"]["rendered"]["value"])
    return Rendered(value["files"], value["hash"], value["secret_files"], value["catalogue"])


def write(rendered: Rendered, out: Path) -> None:
    """Write the files below `out`, emptied first; a folder that holds anything but an earlier render is left alone."""
    marker = out / ".rendered"
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise HarnessError(f"{out} is no folder of rendered files: name an empty one")
    shutil.rmtree(out, ignore_errors=True)
    for name, content in rendered.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    marker.write_text(rendered.hash + "\n")


def _terraform(arguments: list[str], environment: Mapping[str, str]) -> str:
    """Run Terraform in the render root; its output. The errors of its JSON log become one HarnessError."""
    try:
        done = subprocess.run(
            [*terraform_program(), f"-chdir={ROOT_MODULE}", *arguments],
            capture_output=True, text=True, timeout=TIMEOUT_S, env=dict(environment), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise HarnessError(f"terraform {arguments[0]} took longer than {TIMEOUT_S} s") from error
    if done.returncode != 0:
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        raise RenderError("\n".join(_errors(lines)) or done.stderr.strip() or done.stdout.strip())
    return done.stdout


class RenderError(HarnessError):
    """Terraform refused the catalogue or a setting. Keeps the line breaks of its message: a line a problem."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.args = (message,)


def _errors(lines: list[dict[str, Any]]) -> list[str]:
    diagnostics = [line["diagnostic"] for line in lines if line.get("type") == "diagnostic"]
    return [d["detail"] or d["summary"] for d in diagnostics if d["severity"] == "error"]


def main(example: str, out: str) -> int:
    try:
        rendered = render(Path(example))
        write(rendered, Path(out))
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    for name in sorted(rendered.files):
        print(f"  {len(rendered.files[name]):>7} bytes  {Path(out) / name}")
    print(f"{len(rendered.files)} files, hash {rendered.hash}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m tests.harness.render EXAMPLE OUT")
    sys.exit(main(*sys.argv[1:]))
