"""Every checker over the whole repository: `python -m tests.harness.lint [NAME …]`. The caches lie in `.cache/`."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.harness import bootstrap, paths, process
from tests.harness.errors import HarnessError
from tests.harness.progress import say, step
from tests.harness.terraform import terraform_environment, terraform_program

TIMEOUT_S = 600
TYPED = (
    "lambda_src", "tests/bench", "tests/harness", "tests/unit/bench", "tests/unit/harness", "tests/unit/tools",
    "tools/alertctl",
)  # fmt: skip


class Check(NamedTuple):
    """A checker by name: `command` fetches what it needs and gives the command line, empty if nothing is to do."""

    name: str
    command: Callable[[], Sequence[str]]


def main(names: Sequence[str]) -> int:
    """Run the named checks, all without names; 0 if none complains. Each complaint is printed under its check."""
    wanted = [check for check in CHECKS if not names or check.name in names]
    if unknown := set(names) - {check.name for check in CHECKS}:
        say(f"✗ no such check: {', '.join(sorted(unknown))}; use {', '.join(check.name for check in CHECKS)}")
        return 1
    failed = [check.name for check in wanted if not _passes(check)]
    say(f"{len(wanted) - len(failed)} of {len(wanted)} checks pass" + (f"; not: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _passes(check: Check) -> bool:
    try:
        with step(check.name):
            command = check.command()
            if command:
                _run(command)
    except HarnessError as problem:
        say(problem.message if problem.log_path else str(problem))
        if problem.log_path:
            say(problem.log_path.read_text())
        return False
    return True


def _run(command: Sequence[str]) -> None:
    environment = {
        **terraform_environment(),
        "PATH": os.pathsep.join([str(_bin()), os.environ.get("PATH", "/usr/bin:/bin")]),
        "MYPY_CACHE_DIR": str(paths.CACHE / "mypy"),
        "RUFF_CACHE_DIR": str(paths.CACHE / "ruff"),
        "XDG_CACHE_HOME": str(paths.CACHE / "xdg"),
        "TRIVY_CACHE_DIR": str(paths.CACHE / "trivy"),
        "HOME": str(paths.CACHE / "home"),
    }
    done = process.run(command, timeout_s=TIMEOUT_S, cwd=paths.ROOT, env=environment)
    if done.returncode:
        log = paths.log_file(f"lint-{Path(command[0]).name}")
        log.write_text(done.stdout + done.stderr)
        raise HarnessError(f"{Path(command[0]).name} complains", log)


def _bin() -> Path:
    return Path(sys.executable).parent


def _tracked(*patterns: str) -> list[str]:
    """Files that git knows or would take in, below the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=paths.ROOT, text=True, capture_output=True, timeout=60, check=False)
    return [name for name in dict.fromkeys(listed.stdout.splitlines()) if (paths.ROOT / name).is_file()]


def _ruff() -> list[str]:
    return [str(_bin() / "ruff"), "check", "--output-format", "concise", "."]


def _mypy() -> list[str]:
    return [str(_bin() / "mypy"), *(name for name in TYPED if (paths.ROOT / name).is_dir())]


def _terraform_fmt() -> list[str]:
    files = _tracked("*.tf", "*.tfvars", "*.tftest.hcl")
    return [*terraform_program(), "fmt", "-check", "-diff", *files] if files else []


def _shellcheck() -> list[str]:
    named = [*_tracked("*.sh"), *_tracked(".ci/run")]
    return [str(_bin() / "shellcheck"), *named] if named else []


def _yamllint() -> list[str]:
    files = _tracked("*.yml", "*.yaml")
    return [str(_bin() / "yamllint"), "--strict", *files] if files and (paths.ROOT / ".yamllint.yml").is_file() else []


def _trivy() -> list[str]:
    program = bootstrap.venv("trivy").with_name("trivy")
    options = ["--exit-code", "1", "--quiet", "--skip-check-update", "--skip-version-check"]
    return [
        str(program),
        "config",
        *options,
        "--severity",
        "MEDIUM,HIGH,CRITICAL",
        *_without("--skip-dirs", "**/.terraform"),
        ".",
    ]


def _checkov() -> list[str]:
    program = bootstrap.venv("checkov").with_name("checkov")
    options = ["--framework", "terraform", "--quiet", "--compact", "--skip-download", "--skip-results-upload"]
    return [str(program), "--directory", ".", *options, *_without("--skip-path", ".terraform")]


def _without(option: str, *more: str) -> list[str]:
    """What is fetched or generated is nobody's source; everything else is checked."""
    return [word for name in (".cache", "build", *more) for word in (option, name)]


CHECKS = (
    Check("ruff", _ruff),
    Check("mypy", _mypy),
    Check("terraform-fmt", _terraform_fmt),
    Check("shellcheck", _shellcheck),
    Check("yamllint", _yamllint),
    Check("trivy", _trivy),
    Check("checkov", _checkov),
)

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
