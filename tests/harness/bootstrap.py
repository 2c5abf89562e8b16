"""Virtual environments from hash-locked files, from nothing but a Python 3.11.

    python3 -m tests.harness.bootstrap [NAME …]

`harness` (the default) becomes `.cache/venv`; every other `requirements/NAME.lock.txt` becomes `.cache/NAME-venv`.
A stamp holds the lock's hash, so that a warm call reads two small files. pip comes with Python or, where Debian's
python3-venv is missing, out of Debian's archive; it installs uv, and uv the rest; where uv cannot reach the mirror
(it reads no pip.conf), pip does it all.
Needs the standard library only.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.harness import debian, locks, paths
from tests.harness.errors import HarnessError
from tests.harness.progress import say, step

PYTHON = (3, 11)
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
INSTALL_TIMEOUT_S = 900
# Of the caller's shell: another Python's paths, and what would put compiled files elsewhere.
NOT_PASSED_ON = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
# What installers say when nobody answers, as opposed to "no such version" or "wrong hash".
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectionError|ConnectTimeout|ReadTimeout|Name or service not known|name resolution|"
    r"dns error|Connection refused|Network is unreachable|error sending request|Max retries exceeded|"
    r"operation timed out|ProxyError",
    re.IGNORECASE,
)


def venv(name: str = "harness") -> Path:
    """The Python of the named environment, made or brought up to its lock file first. Raises HarnessError."""
    folder = paths.CACHE / ("venv" if name == "harness" else f"{name}-venv")
    lock = paths.REQUIREMENTS / f"{name}.lock.txt"
    if not lock.is_file():
        raise HarnessError(f"there is no lock file {lock.relative_to(paths.ROOT)}: `make lock` writes them")
    if not _is_current(folder, lock):
        with locks.exclusive(folder.with_suffix(".lock")):
            if not _is_current(folder, lock):
                _make(name, folder, lock)
    return folder / "bin/python"


def _stamp(folder: Path, lock: Path) -> str:
    # Scripts of an environment hold its path: a moved clone needs a new one.
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {folder}\n"


def _is_current(folder: Path, lock: Path) -> bool:
    try:
        return (folder / "stamp").read_text() == _stamp(folder, lock) and (folder / "bin/python").exists()
    except OSError:
        return False


def _make(name: str, folder: Path, lock: Path) -> None:
    log = paths.log_file(f"venv-{name}")
    # One environment's uv installs the others.
    uv = None if name == "harness" else venv().with_name("uv")
    with step(f"Python environment {folder.relative_to(paths.ROOT)} ({_count(lock)} locked packages)"):
        python = _empty_venv(folder, log, with_pip=uv is None)
        environment = installer_environment()
        if uv is None:
            _pip(python, _only("uv", lock, folder), environment, log)
            uv = folder / "bin/uv"
        if not _uv(uv, python, lock, environment, log):
            say("  ! uv could not install the packages; trying pip")
            python = _empty_venv(folder, log, with_pip=True)
            _pip(python, lock, environment, log)
        (folder / "stamp").write_text(_stamp(folder, lock))


def _empty_venv(folder: Path, log: Path, with_pip: bool) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    base = getattr(sys, "_base_executable", sys.executable)
    # Debian keeps ensurepip in python3-venv, which a bare machine does not have.
    if with_pip and _has_ensurepip() and not _run([base, "-m", "venv", str(folder)], dict(os.environ), log):
        return folder / "bin/python"
    if _run([base, "-m", "venv", "--clear", "--without-pip", str(folder)], dict(os.environ), log):
        raise HarnessError(f"{base} could not make a virtual environment in {folder}", log)
    python = folder / "bin/python"
    if with_pip:
        wheel = debian.pip_wheel()
        # A wheel on the path is enough to run pip, which then installs itself from the wheel.
        command = [str(python), f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)]
        if _run(command, installer_environment(), log):
            raise HarnessError("pip could not be installed from Debian's python3-pip-whl", log)
    return python


def _has_ensurepip() -> bool:
    spec = importlib.util.find_spec("ensurepip")
    return spec is not None and spec.origin is not None


def _pip(python: Path, requirements: Path, environment: Mapping[str, str], log: Path) -> None:
    options = [
        "--quiet",
        "--require-hashes",
        "--no-input",
        "--retries",
        "2",
        "--timeout",
        "30",
        "--no-warn-script-location",
    ]
    if _run([str(python), "-m", "pip", "install", *options, "-r", str(requirements)], environment, log):
        raise HarnessError(_install_problem(requirements.name.removesuffix(".txt").removesuffix(".lock"), log), log)


def _uv(uv: Path, python: Path, lock: Path, environment: Mapping[str, str], log: Path) -> bool:
    index = _configured_index(uv.with_name("python"), environment)
    more = {"UV_DEFAULT_INDEX": index} if index else {}
    options = ["--quiet", "--require-hashes", "--compile-bytecode", "--no-config", "--no-python-downloads"]
    command = [str(uv), "pip", "install", *options, "--python", str(python), "-r", str(lock)]
    return _run(command, {**environment, **more}, log) == 0


def _install_problem(what: str, log: Path) -> str:
    # What the last command said: uv may have failed for another reason before.
    text = log.read_text(errors="replace").rpartition("\n$ ")[2]
    if UNREACHABLE.search(text):
        return f"the Python package mirror could not be reached to install {what}"
    if "DO NOT MATCH THE HASHES" in text:
        return f"a package of {what} is not the one that was locked (its hash differs)"
    return f"the packages of {what} could not be installed"


def installer_environment() -> dict[str, str]:
    """The environment for pip and uv: caches below .cache/, the system's certificates, no other Python's paths."""
    environment = {key: value for key, value in os.environ.items() if key not in NOT_PASSED_ON}
    caches = {
        "HOME": str(paths.CACHE / "home") if not os.environ.get("HOME") else os.environ["HOME"],
        "PIP_CACHE_DIR": str(paths.CACHE / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_CACHE_DIR": str(paths.CACHE / "uv"),
        "UV_HTTP_TIMEOUT": "60",
        "TMPDIR": str(paths.CACHE / "tmp"),
    }
    (paths.CACHE / "tmp").mkdir(parents=True, exist_ok=True)
    if SYSTEM_CERTIFICATES.exists():
        caches.setdefault("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE", str(SYSTEM_CERTIFICATES)))
    return {**environment, **caches}


def _configured_index(python: Path, environment: Mapping[str, str]) -> str:
    """The index that pip is configured for: uv does not read pip's files."""
    if index := environment.get("UV_DEFAULT_INDEX") or environment.get("PIP_INDEX_URL"):
        return index
    command = [str(python), "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(command, env=dict(environment), text=True, capture_output=True, timeout=60, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _only(package: str, lock: Path, folder: Path) -> Path:
    """The part of a lock file that names one package."""
    blocks = re.split(r"\n(?=\S)", lock.read_text())
    part = folder / f"{package}.txt"
    part.write_text("\n".join(block for block in blocks if block.startswith(f"{package}==")) + "\n")
    return part


def _count(lock: Path) -> int:
    return sum(1 for line in lock.read_text().splitlines() if "==" in line)


def _run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
    with log.open("a") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        try:
            done = subprocess.run(
                command,
                cwd=paths.ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=INSTALL_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            output.write(f"{problem}\n")
            return 1
        return done.returncode


def main(names: Sequence[str]) -> int:
    """Make the named environments; prints one line and returns 1 when one cannot be had."""
    if sys.version_info[:2] != PYTHON:
        print(
            f"Python 3.11 is needed (the Lambda functions run on it); {sys.executable} is {sys.version.split()[0]}",
            file=sys.stderr,
        )
        return 1
    try:
        for name in names or ["harness"]:
            venv(name)
    except HarnessError as problem:
        print(f"✗ {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
