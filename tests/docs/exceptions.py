"""The checks that are excepted in the code, as the table in README.md: `python -m tests.docs.exceptions`."""

import re
import subprocess
from typing import NamedTuple

from tests.harness import paths

PATTERNS = ("*.tf", "*.tftpl", "*.sh", "*.yml", "*.yaml", "Makefile", ".ci/run")
WRITTEN = (
    re.compile(r"(?P<checker>trivy):ignore:(?P<check>\S+) (?P<reason>.+)"),
    re.compile(r"(?P<checker>checkov):skip=(?P<check>[A-Z0-9_]+): (?P<reason>.+)"),
    re.compile(r"(?P<checker>shellcheck) disable=(?P<check>SC\d+)(?: # (?P<reason>.+))?"),
    re.compile(r"(?P<checker>yamllint) disable\S* (?P<check>rule:\S+)(?: # (?P<reason>.+))?"),
)


class Excepted(NamedTuple):
    """One check, where it is excepted (a file of the repository), and why."""

    checker: str
    check: str
    file: str
    reason: str


def in_code() -> list[Excepted]:
    """Every exception that stands in a file which git knows, in the order of checks and files."""
    listed = subprocess.run(
        ["git", "ls-files", "--", *PATTERNS], cwd=paths.ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return sorted(
        {
            Excepted(found["checker"], found["check"], name, (found["reason"] or "").strip())
            for name in listed.stdout.splitlines()
            if (paths.ROOT / name).is_file()
            for line in (paths.ROOT / name).read_text().splitlines()
            for pattern in WRITTEN
            if (found := pattern.search(line))
        }
    )


def table() -> str:
    """The exceptions in Markdown, a check and its reason once with all files that it stands in."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in in_code():
        rows.setdefault((one.checker, one.check, one.reason), []).append(one.file)
    lines = [
        f"| {checker} {check} | {reason} | {', '.join(f'[{name}]({name})' for name in files)} |"
        for (checker, check, reason), files in rows.items()
    ]
    return "\n".join(["| check | reason | where |", "|---|---|---|", *lines])


if __name__ == "__main__":
    print(table())
