"""Where things lie. All that is downloaded or written goes below `.cache/` and `build/` of the repository."""

import os
import shutil
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements"
RUNS = CACHE / "runs"
LOGS = CACHE / "logs"
KEPT_RUNS = 12


def new_run(name: str) -> Path:
    """A fresh folder for one run (state, logs, data); the oldest ones whose makers have ended are removed."""
    RUNS.mkdir(parents=True, exist_ok=True)
    _forget_old_runs()
    for number in range(1000):
        path = RUNS / f"{name}-{time.strftime('%m%d-%H%M%S')}-{os.getpid()}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        (path / "owner.pid").write_text(str(os.getpid()))
        return path
    raise RuntimeError(f"no free folder for {name} in {RUNS}")


def log_file(name: str) -> Path:
    """An empty log file in `.cache/logs`."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{name}.log"
    path.write_text("")
    return path


def _forget_old_runs() -> None:
    runs = sorted((path for path in RUNS.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for run in runs[:-KEPT_RUNS]:
        if not _owner_lives(run):
            shutil.rmtree(run, ignore_errors=True)


def _owner_lives(run: Path) -> bool:
    try:
        return Path("/proc", (run / "owner.pid").read_text().strip()).exists()
    except OSError:
        return False
