"""Terraform for the tests: the program, its configuration, a copy of an example, every call under a timeout.

The machine's own CLI configuration is never read: the provider comes from a local mirror where there is one, else
from the registry.
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import python_terraform
from python_terraform import IsFlagged

from tests.harness import bootstrap, paths, process
from tests.harness.errors import HarnessError
from tests.harness.progress import step
from tests.harness.terraform_said import changes, message, waits_for

PROVIDER = "registry.terraform.io/hashicorp/aws"
PROVIDER_VERSION = "5.100.0"
PARALLELISM = 30
TIMEOUTS_S = {"init": 300, "plan": 300, "apply": 900, "destroy": 900}
OTHER_TIMEOUT_S = 120
OVERRIDE = "harness_override.tf"
FOLDER = paths.CACHE / "terraform"
# What an example's `source = "../../"` and its files need; nothing else of the repository is copied.
NEEDED = ("*.tf", "modules", "lambda_src/dist", "monitoring_configs", "examples")
LEFT_OUT = shutil.ignore_patterns(
    ".terraform", "*.tfstate", "*.tfstate.*", "*_override.tf", "*_override.tf.json", "__pycache__"
)


# ---------------------------------------------------------------- the program


def terraform_program() -> list[str]:
    """The beginning of every Terraform command line: the one on PATH, else the shared library of the PyPI package."""
    if found := shutil.which("terraform"):
        return [found]
    return [str(bootstrap.venv("terraform")), "-I", str(Path(__file__).with_name("terraform_shim.py"))]


def terraform_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every Terraform call: with our CLI configuration, without the TF_ variables of the shell."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    settings = {
        "TF_CLI_CONFIG_FILE": str(_cli_configuration()),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }
    return {**ours, **settings, **(extra or {})}


def terraform_binary() -> Path:
    """One executable that is Terraform with that environment: for libraries that want a path (tftest's `binary`)."""
    path = FOLDER / "terraform"
    settings = {key: value for key, value in terraform_environment({}).items() if os.environ.get(key) != value}
    exports = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in sorted(settings.items()))
    _write(path, f'#!/bin/sh\n{exports}exec {shlex.join(terraform_program())} "$@"\n')
    path.chmod(0o755)
    return path


def provider_mirror() -> Path | None:
    """A filesystem mirror that holds the provider, or None: the registry is asked then."""
    home = Path(os.environ.get("HOME", "/nonexistent"))
    candidates = [
        *(Path(value) for value in [os.environ.get("TF_PROVIDER_MIRROR", "")] if value),
        home / ".terraform.d/plugins",
        home / ".local/share/terraform/plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
        *sorted(Path("/opt").glob("*")),
        *sorted(Path("/usr/share").glob("*")),
    ]
    return next((path for path in candidates if _holds_provider(path)), None)


def _holds_provider(mirror: Path) -> bool:
    folder = mirror / PROVIDER
    try:
        packed = any(folder.glob(f"terraform-provider-aws_{PROVIDER_VERSION}_*.zip"))
        return packed or (folder / PROVIDER_VERSION).is_dir()
    except OSError:
        return False


def _cli_configuration() -> Path:
    path = FOLDER / "cli.tfrc"
    plugins = FOLDER / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    mirror = provider_mirror()
    if mirror:
        # Without include and exclude Terraform would ask the registry too, and fail where there is none.
        where = (
            f'  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = ["{PROVIDER}"]\n  }}\n'
            f'  direct {{\n    exclude = ["{PROVIDER}"]\n  }}\n'
        )
        text = f"provider_installation {{\n{where}}}\n"
    else:
        text = f"plugin_cache_dir = {json.dumps(str(plugins))}\nprovider_installation {{\n  direct {{}}\n}}\n"
    _write(path, text)
    return path


def _write(path: Path, text: str) -> None:
    """Write a small file whole: others may be reading it."""
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(path.stat().st_mode if path.exists() else 0o644)
    fresh.replace(path)


# ---------------------------------------------------------------- a copy to work on


def copy_repository(destination: Path) -> Path:
    """The module and its examples in `destination`, so that state and plugins never appear in the tree."""
    for source in (found for pattern in NEEDED for found in paths.ROOT.glob(pattern)):
        target = destination / source.relative_to(paths.ROOT)
        if source.is_dir():
            shutil.copytree(source, target, ignore=LEFT_OUT, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return destination


def point_at_emulator(
    root: Path, url: str, aliases: Mapping[str, str] | None = None, region: str | None = None
) -> None:
    """Let a root module's provider, and its `aliases` (alias → region), talk to `url`: `harness_override.tf`."""
    blocks = [_provider_block(url, None, region), *(_provider_block(url, *item) for item in (aliases or {}).items())]
    (root / OVERRIDE).write_text("\n".join(blocks))


# Every service that the module may call; the provider refuses names that it does not know.
SERVICES = (
    "amp", "applicationautoscaling", "autoscaling", "backup", "cloudwatch", "dlm", "ec2", "ecr", "ecs", "efs",
    "elasticache", "elbv2", "events", "iam", "kms", "lambda", "logs", "rds", "resourcegroupstaggingapi", "route53",
    "s3", "scheduler", "secretsmanager", "servicediscovery", "ses", "sns", "sqs", "ssm", "sts",
)  # fmt: skip


def _provider_block(url: str, alias: str | None, region: str | None) -> str:
    names = "".join(f"    {service} = {json.dumps(url)}\n" for service in SERVICES)
    which = "".join(
        f"  {key} = {json.dumps(value)}\n" for key, value in (("alias", alias), ("region", region)) if value
    )
    return f"""provider "aws" {{
{which}  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = false
  s3_use_path_style           = true
  max_retries                 = 3

  endpoints {{
{names}  }}
}}
"""


# ---------------------------------------------------------------- the wrapper


class _Cli(python_terraform.Terraform):  # type: ignore[misc]
    """python-terraform's command lines, run under a timeout and in our environment: it has neither."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.program = terraform_program()
        self.environment = dict(environment)
        super().__init__(working_dir=str(folder), terraform_bin_path=self.program[0])

    def cmd(self, cmd: str, *args: str, **kwargs: Any) -> tuple[int, str, str]:
        for option in ("capture_output", "raise_on_error", "synchronous"):
            kwargs.pop(option, None)
        words = self.generate_cmd_string(cmd, *args, **kwargs)
        timeout_s = TIMEOUTS_S.get(cmd.split()[0], OTHER_TIMEOUT_S)
        done = process.run(
            [*self.program, *words[1:]], timeout_s=timeout_s, cwd=Path(self.working_dir), env=self.environment
        )
        self.temp_var_files.clean_up()
        return done.returncode, done.stdout, done.stderr


class Terraform:
    """One root module in one folder. Each method raises HarnessError with Terraform's own message when the call fails.

    `variables` are given to every call as a tfvars.json file; `environment` is put over the usual one.
    """

    def __init__(
        self, folder: Path, variables: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.log = folder / "terraform.log"
        override = folder / OVERRIDE
        pointed = re.search(r'sts = "(\S+)"', override.read_text()) if override.is_file() else None
        self.emulator = pointed[1] if pointed else ""
        self.cli = _Cli(folder, terraform_environment(environment))
        self.var_files = [str(self._write_variables(variables))] if variables else []

    def _write_variables(self, variables: Mapping[str, Any]) -> Path:
        path = self.folder / "harness.tfvars.json"
        path.write_text(json.dumps(variables, indent=2))
        return path

    def init(self, readonly_lock: bool = False) -> None:
        """Install modules and providers. `readonly_lock` fails where the committed lock file does not cover them."""
        with step(f"terraform init ({self.folder.name})"):
            self._call("init", lockfile="readonly" if readonly_lock else None, no_color=IsFlagged)

    def plan(self, destroy: bool = False, targets: Sequence[str] = ()) -> dict[str, Any]:
        """Plan and return the plan's JSON form (`resource_changes`, `planned_values`, …)."""
        with step(f"terraform plan ({self.folder.name})"):
            self._plan(destroy, targets)
            return self._planned()

    def changes(self) -> list[str]:
        """What a plan made now would do, one line each ("update aws_sns_topic.alerts"); empty when nothing would."""
        with step(f"terraform plan ({self.folder.name})"):
            # Reading a plan starts the provider again, which takes as long as planning: only where there is something.
            return changes(self._planned()) if self._plan() else []

    def _plan(self, destroy: bool = False, targets: Sequence[str] = ()) -> bool:
        """Write harness.plan; whether it holds changes."""
        status, _ = self._run(
            "plan", allowed=(0, 2), out="harness.plan", detailed_exitcode=IsFlagged, **self._given(),
            destroy=IsFlagged if destroy else None, target=list(targets),
        )  # fmt: skip
        return status == 2

    def _planned(self) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads(self._call("show", "harness.plan", json=IsFlagged, no_color=IsFlagged))
        return plan

    def apply(self, targets: Sequence[str] = (), replace: Sequence[str] = ()) -> None:
        """Apply without asking; what `replace` names is destroyed and made anew."""
        with step(f"terraform apply ({self.folder.name})"):
            self._call("apply", auto_approve=IsFlagged, target=list(targets), replace=list(replace), **self._given())

    def destroy(self, targets: Sequence[str] = ()) -> None:
        """Destroy without asking."""
        with step(f"terraform destroy ({self.folder.name})"):
            self._call("destroy", auto_approve=IsFlagged, target=list(targets), **self._given())

    def _given(self) -> dict[str, Any]:
        return {"parallelism": PARALLELISM, "var_file": self.var_files, "input": False, "no_color": IsFlagged}

    def validate(self) -> None:
        """Check the configuration without asking any provider for state."""
        self._call("validate", no_color=IsFlagged)

    def output(self) -> dict[str, Any]:
        """All outputs by name, values only."""
        outputs = json.loads(self._call("output", json=IsFlagged))
        return {name: output["value"] for name, output in outputs.items()}

    def versions(self) -> dict[str, str]:
        """What runs here: Terraform and the providers of this root, by name."""
        said = json.loads(self._call("version", json=IsFlagged))
        providers = said.get("provider_selections") or {}
        return {"Terraform": said["terraform_version"], **{name.split("/", 1)[1]: v for name, v in providers.items()}}

    def state(self) -> str:
        """The state file's text; empty before the first apply."""
        path = self.folder / "terraform.tfstate"
        return path.read_text() if path.is_file() else ""

    def resources(self) -> list[str]:
        """Addresses in the state."""
        return self._call("state list").split() if self.state() else []

    def _call(self, command: str, *arguments: str, **options: Any) -> str:
        return self._run(command, *arguments, **options)[1]

    def _run(self, command: str, *arguments: str, allowed: Iterable[int] = (0,), **options: Any) -> tuple[int, str]:
        """Exit status and standard output of one call."""
        try:
            status, out, err = self.cli.cmd(command, *arguments, **options)
        except process.TimedOut as late:
            self._write_log(command, late.output)
            limit_s = TIMEOUTS_S.get(command.split()[0], OTHER_TIMEOUT_S)
            problem = f"terraform {command} took longer than {limit_s} s: {waits_for(late.output, self.emulator)}"
            raise HarnessError(problem, self.log) from late
        self._write_log(command, f"{out if command != 'show' else ''}{err}")
        if status not in tuple(allowed):
            raise HarnessError(f"terraform {command} failed in {self.folder.name}: {message(err or out)}", self.log)
        return status, out

    def _write_log(self, command: str, said: str) -> None:
        with self.log.open("a") as log:
            log.write(f"$ terraform {command}\n{said}\n")


def example(
    name: str, run_dir: Path, url: str = "", variables: Mapping[str, Any] | None = None, **options: Any
) -> Terraform:
    """A copy of examples/<name> in `run_dir`, pointed at the emulator `url` if there is one.

    `options` are those of point_at_emulator.
    """
    root = copy_repository(run_dir / "repository") / "examples" / name
    if not root.is_dir():
        raise HarnessError(f"there is no example {name}")
    if url:
        point_at_emulator(root, url, **options)
    return Terraform(root, variables)
