"""Debian's programs, out of an archive that lies in a folder."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness import debian
from tests.harness.debian import Package
from tests.harness.errors import HarnessError

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="this is no Debian")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive with the package hello 1.0; its file says hello."""
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: hello\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: d\n"
    )
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/hello").write_text("hello\n")
    pool = tmp_path / "archive/pool/main/h/hello"
    pool.mkdir(parents=True)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", tree, pool / "hello_1.0_all.deb"], check=True, capture_output=True
    )
    monkeypatch.setattr(debian._Fetch, "_archives", lambda self: [f"file:{tmp_path}/archive"])
    return tmp_path / "archive"


@pytest.fixture
def hello(archive: Path) -> Package:
    deb = archive / "pool/main/h/hello/hello_1.0_all.deb"
    return Package("hello", "1.0", "h/hello", hashlib.sha256(deb.read_bytes()).hexdigest(), "all")


def test_a_package_is_fetched_unpacked_and_named_with_its_version(cache: Path, hello: Package, told: list[str]) -> None:
    root, versions = debian.unpack("bookworm", [hello])

    assert (root / "usr/bin/hello").read_text() == "hello\n"
    assert versions == {"hello": "1.0"}
    assert "Debian bookworm: hello" in told[0]


def test_a_second_call_does_nothing(cache: Path, hello: Package, archive: Path, told: list[str]) -> None:
    debian.unpack("bookworm", [hello])
    shutil.rmtree(archive)
    told.clear()

    assert debian.unpack("bookworm", [hello])[1] == {"hello": "1.0"}
    assert told == []


def test_a_broken_file_that_lies_there_is_not_trusted(cache: Path, hello: Package) -> None:
    lying = cache / "debian/bookworm/debs" / hello.filename
    lying.parent.mkdir(parents=True)
    lying.write_bytes(b"broken")

    root, _ = debian.unpack("bookworm", [hello])

    assert (root / "usr/bin/hello").read_text() == "hello\n"


def test_a_package_that_an_archive_has_changed_is_refused(cache: Path, hello: Package, archive: Path) -> None:
    changed = archive / "pool/main/h/hello/hello_1.0_all.deb"
    changed.write_bytes(changed.read_bytes() + b"more")

    # The suite's current version is asked for instead, and this archive has no signed index.
    with pytest.raises(HarnessError, match="the Debian mirror could not be reached, or has no suite") as caught:
        debian.unpack("bookworm", [hello])

    assert caught.value.log_path == cache / "logs/debian-bookworm.log"
    assert not (cache / "debian/bookworm/root/usr/bin/hello").exists()


def test_a_tree_that_lost_its_files_is_fetched_again(cache: Path, hello: Package) -> None:
    root, _ = debian.unpack("bookworm", [hello])
    shutil.rmtree(root)

    assert (debian.unpack("bookworm", [hello])[0] / "usr/bin/hello").exists()


def test_a_new_pin_is_fetched_again(cache: Path, hello: Package) -> None:
    debian.unpack("bookworm", [hello])
    stamp = cache / "debian/bookworm/stamps/hello.json"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "pin": "an older one"}))

    debian.unpack("bookworm", [hello])

    assert json.loads(stamp.read_text())["pin"] == hello.sha256


def test_a_newer_version_than_the_pinned_one_is_said(
    cache: Path, hello: Package, archive: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    gone = hello._replace(version="0.9", sha256="0" * 64)
    current = archive / "pool/main/h/hello/hello_1.0_all.deb"
    copied = cache.parent / "hello_1.0_all.deb"
    monkeypatch.setattr(debian._Fetch, "_current", lambda self, package: Path(shutil.copy(current, copied)))

    _, versions = debian.unpack("bookworm", [gone])

    assert versions == {"hello": "1.0"}
    assert "  ! Debian bookworm no longer has hello 0.9: 1.0 runs instead" in told


def test_an_unknown_suite_or_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="use one of bookworm, trixie, forky"):
        debian.programs("buster")
    with pytest.raises(HarnessError, match="prometheus-alertmanager is not among the programs of Debian forky"):
        _ = debian.Programs("forky", tmp_path, {}).alertmanager
