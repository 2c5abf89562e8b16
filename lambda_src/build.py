"""Builds the functions' packages: `python3 lambda_src/build.py [folder]`, by default into lambda_src/dist.

The same source gives the same bytes, whoever builds it and wherever: names sorted, one date, one mode, stored.
"""

import sys
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
FUNCTIONS = {"pagerduty": "format_slack.py", "slack": "format_pagerduty.py"}  # name → what only the other one needs
DATE = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644
UNIX = 3


def main() -> None:
    """Writes one zip for each function into the folder given."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE / "dist"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FUNCTIONS:
        write(name, folder / f"{name}-forwarder.zip")


def write(name: str, to: Path) -> None:
    """The function's package at the path `to`."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as package:
        for path in files(name):
            entry = zipfile.ZipInfo(path, DATE)
            entry.create_system = UNIX
            entry.external_attr = MODE << 16
            package.writestr(entry, (SOURCE / path).read_bytes())


def files(name: str) -> list[str]:
    """What the function's package holds, relative to this folder, sorted."""
    shared = [f"forwarder/{path.name}" for path in (SOURCE / "forwarder").glob("*.py") if path.name != FUNCTIONS[name]]
    return sorted([f"{name}_forwarder.py", *shared])


if __name__ == "__main__":
    main()
