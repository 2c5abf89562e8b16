"""Virtual environments from lock files."""

import re
from pathlib import Path

import pytest

from tests.harness import bootstrap, debian, paths, prepare
from tests.harness.errors import HarnessError

LOCKS = sorted(paths.REQUIREMENTS.glob("*.lock.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_names_versions_and_hashes_only(lock: Path) -> None:
    for line in lock.read_text().splitlines():
        assert re.fullmatch(r"[a-z0-9._-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), (
            f"{lock.name}: {line}"
        )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_what_is_wanted_is_locked(lock: Path) -> None:
    wanted = (paths.REQUIREMENTS / f"{lock.name.removesuffix('.lock.txt')}.in").read_text()
    names = [re.split(r"[=<>\[ ]", line)[0] for line in wanted.splitlines() if line and not line.startswith("#")]
    locked = {line.partition("==")[0] for line in lock.read_text().splitlines()}

    assert {re.sub("[-_.]+", "-", name).lower() for name in names} <= locked


@pytest.fixture
def project(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a lock file and an installer that only notes that it was called."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "REQUIREMENTS", tmp_path)
    (tmp_path / "harness.lock.txt").write_text("uv==1 \\\n    --hash=sha256:aa\nzz==2 \\\n    --hash=sha256:bb\n")
    monkeypatch.setattr(bootstrap, "_pip", lambda python, requirements, environment, log: None)
    monkeypatch.setattr(bootstrap, "_uv", lambda uv, python, lock, environment, log: True)
    monkeypatch.setattr(bootstrap, "_has_ensurepip", lambda: False)
    monkeypatch.setattr(debian, "pip_wheel", lambda: tmp_path / "pip.whl")
    real = bootstrap._run
    monkeypatch.setattr(
        bootstrap, "_run", lambda command, environment, log: real(command, environment, log) if "venv" in command else 0
    )
    return tmp_path


def test_an_environment_is_made_once_for_a_lock(project: Path, told: list[str]) -> None:
    python = bootstrap.venv()
    made = len(told)

    assert python.exists()
    assert bootstrap.venv() == python
    assert len(told) == made
    assert "(2 locked packages)" in told[0]


def test_a_changed_lock_makes_it_anew(project: Path, told: list[str]) -> None:
    bootstrap.venv()
    (project / "harness.lock.txt").write_text("uv==2 \\\n    --hash=sha256:cc\n")
    told.clear()

    bootstrap.venv()

    assert "(1 locked packages)" in told[0]


def test_only_the_named_package_is_taken_from_a_lock(project: Path) -> None:
    part = bootstrap._only("uv", project / "harness.lock.txt", project)

    assert part.read_text() == "uv==1 \\\n    --hash=sha256:aa\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "pip: NewConnectionError(... Connection refused)",
            "the Python package mirror could not be reached to install uv",
        ),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "a package of uv is not the one that was locked (its hash differs)"),
        ("No matching distribution found", "the packages of uv could not be installed"),
    ],
)
def test_a_failed_install_is_one_line_that_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "log").write_text(text)

    assert bootstrap._install_problem("uv", tmp_path / "log") == said


def test_a_missing_lock_is_told(project: Path) -> None:
    with pytest.raises(HarnessError, match=r"there is no lock file nothing.lock.txt"):
        bootstrap.venv("nothing")


def test_another_python_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", (3, 99))

    assert bootstrap.main([]) == 1
    assert capsys.readouterr().err.startswith("Python 3.11 is needed")


def test_a_run_is_stopped_before_it_begins_when_something_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    def unreachable(suite: str) -> None:
        raise HarnessError(f"no {suite}")

    monkeypatch.setattr(debian, "programs", unreachable)
    monkeypatch.setattr(bootstrap, "venv", fetched.append)
    monkeypatch.setattr("shutil.which", lambda name: None)

    with pytest.raises(HarnessError, match="no trixie"):
        prepare.prepare(["trixie"])

    assert fetched == ["localstack", "terraform"]
