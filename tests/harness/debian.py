"""Programs out of the packages of any Debian suite, as any user: nothing is installed, nothing is started.

A pinned package is fetched by its place in the archive and checked against the SHA-256 written here. When the archive
no longer has that version, the suite's current one is taken instead, checked against the signed index;
`Programs.versions` says what runs. Needs Python's standard library only: the bootstrap uses it before there is any
virtual environment.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.harness import locks, paths
from tests.harness.errors import HarnessError
from tests.harness.progress import say, step

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_HELPER = "/usr/lib/apt/apt-helper"
TIMEOUT_S = 300


class Package(NamedTuple):
    """A package, its pinned version, where the archive keeps it (a folder below pool/main) and that file's SHA-256."""

    name: str
    version: str
    place: str
    sha256: str
    architecture: str = "amd64"

    @property
    def filename(self) -> str:
        return f"{self.name}_{self.version}_{self.architecture}.deb"


SUITES: dict[str, tuple[Package, ...]] = {
    "bookworm": (
        Package(
            "prometheus",
            "2.42.0+ds-5+deb12u1",
            "p/prometheus",
            "81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55",
        ),
        Package(
            "prometheus-alertmanager",
            "0.25.0-1+b4",
            "p/prometheus-alertmanager",
            "4fb9aed15cfe8e0c32408e643ab32a1e41ee87d2cc26f18aeba928b1b0b98ae7",
        ),
        Package(
            "prometheus-blackbox-exporter",
            "0.23.0-4+b4",
            "p/prometheus-blackbox-exporter",
            "61816a8d7923cc56342c18671ec9cb7920d61bec0ed5e6cbe8dd375022a00271",
        ),
    ),
    "trixie": (
        Package(
            "prometheus",
            "2.53.3+ds1-2",
            "p/prometheus",
            "58c3e6a86c56cb3bfd71032fa48d65945d526441a212f5815dfe5ed9cb787ecc",
        ),
        Package(
            "promtool",
            "2.53.3+ds1-2",
            "p/prometheus",
            "ff27654eacc95abd846d344e91fe4ba3b4f0588a50d606ed1d2f09ad3408722f",
        ),
        Package(
            "prometheus-alertmanager",
            "0.28.1+ds-1",
            "p/prometheus-alertmanager",
            "76ee08c2bf686fa32ca243d099b6bfc6cb00074e9337c18ef73154b60c5830a9",
        ),
        Package(
            "prometheus-blackbox-exporter",
            "0.26.0-1",
            "p/prometheus-blackbox-exporter",
            "548213651cead2504142c2954d066c138bb1da180262a39f0ed1b40e0adac9d1",
        ),
    ),
    # The forward check: a Prometheus of the next major version reads what we render.
    "forky": (
        Package(
            "prometheus",
            "3.5.3+ds1-6",
            "p/prometheus",
            "593bcced02d8082688ea034dfc543848ad145c5f793aae5aad756c4dbdfa98da",
        ),
        Package(
            "promtool",
            "3.5.3+ds1-6",
            "p/prometheus",
            "1fb8bad7b932e7a44bccb12517f0bd96d5d5d83f15d3a1c0e2aa705cbf93fe90",
        ),
    ),
}

PIP_WHEEL = (
    Package(
        "python3-pip-whl",
        "23.0.1+dfsg-1",
        "p/python-pip",
        "cc373690a1cb469fb301b9fe0125048e3102f2e365d1b2d27cab091ec89fccdc",
        "all",
    ),
)
PROOT = (
    Package("proot", "5.1.0-1.3", "p/proot", "ba51946d76c0a681c034b93266d870db7e21b0d3230a4d2dea3bffb556271aeb"),
    Package("libtalloc2", "2.4.0-f2", "t/talloc", "2cbba68ca13003a0da794f5bcc44d95d0a191514fdd2d2764858b37215f0867c"),
)


class Programs(NamedTuple):
    """The programs of one suite. `root` is the unpacked tree, `versions` maps package to the version that is there."""

    suite: str
    root: Path
    versions: dict[str, str]

    @property
    def prometheus(self) -> Path:
        return self._program("prometheus")

    @property
    def promtool(self) -> Path:
        return self._program("promtool")

    @property
    def amtool(self) -> Path:
        return self._program("amtool")

    @property
    def alertmanager(self) -> Path:
        return self._program("prometheus-alertmanager")

    @property
    def blackbox(self) -> Path:
        return self._program("prometheus-blackbox-exporter")

    @property
    def alertmanager_templates(self) -> Path:
        """The folder with Alertmanager's own default.tmpl, which `amtool template render` does not know by itself."""
        return self.root / "usr/share/prometheus/alertmanager"

    def _program(self, name: str) -> Path:
        path = self.root / "usr/bin" / name
        if not path.is_file():
            raise HarnessError(f"{name} is not among the programs of Debian {self.suite}")
        return path


def programs(suite: str = "bookworm") -> Programs:
    """Prometheus and its companions of a Debian suite, fetched at the first call. A warm call reads one small file."""
    if suite not in SUITES:
        raise HarnessError(f"no programs are known for the Debian suite {suite}: use one of {', '.join(SUITES)}")
    root, versions = unpack(suite, SUITES[suite])
    return Programs(suite, root, versions)


def pip_wheel() -> Path:
    """pip as a wheel that runs without being installed, for a Python whose ensurepip Debian has taken out."""
    root, _ = unpack("bookworm", PIP_WHEEL)
    wheels = sorted((root / "usr/share/python-wheels").glob("pip-*.whl"))
    if not wheels:
        raise HarnessError("Debian's python3-pip-whl holds no wheel of pip")
    return wheels[-1]


def proot() -> tuple[Path, Path]:
    """PRoot and the folder of the one library it needs."""
    root, _ = unpack("bookworm", PROOT)
    libraries = next((path.parent for path in root.rglob("libtalloc.so.2")), root)
    return root / "usr/bin/proot", libraries


def unpack(suite: str, packages: Sequence[Package], base: Path | None = None) -> tuple[Path, dict[str, str]]:
    """Have `packages` unpacked below `.cache/debian/<suite>/root`; returns that folder and package → version."""
    folder = base or paths.CACHE / "debian" / suite
    if missing := _missing(folder, packages):
        with locks.exclusive(folder / "lock"):
            if missing := _missing(folder, packages):
                _Fetch(suite, folder).run(missing)
    return folder / "root", {package.name: _stamp(folder, package)["version"] for package in packages}


def _missing(folder: Path, packages: Iterable[Package]) -> list[Package]:
    return [package for package in packages if _stamp(folder, package).get("pin") != package.sha256]


def _stamp(folder: Path, package: Package) -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads((folder / "stamps" / f"{package.name}.json").read_text())
    except (OSError, ValueError):
        return {}
    # A tree that lost its files (a cleaned cache, a broken copy) is fetched again.
    return stamp if (folder / "root" / stamp["witness"]).exists() else {}


class _Fetch:
    """One fetch of packages of one suite into one folder, with an apt configuration of its own."""

    def __init__(self, suite: str, folder: Path) -> None:
        self.suite = suite
        self.folder = folder
        self.log = paths.log_file(f"debian-{suite}")
        self.indexed = False
        self.archives: list[str] = []

    def run(self, packages: Sequence[Package]) -> None:
        names = ", ".join(package.name for package in packages)
        with step(f"Debian {self.suite}: {names}"):
            self._configure_apt()
            for package in packages:
                self._fetch(package)

    def _configure_apt(self) -> None:
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise HarnessError(
                "apt-get and dpkg-deb are needed to fetch Prometheus and Alertmanager: run this on Debian"
            )
        folder = self.folder
        for name in ("lists/partial", "cache/archives/partial", "debs", "root", "stamps"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").write_text("")
        self.archives = self._archives()
        (folder / "sources.list").write_text(
            "".join(f"deb [signed-by={KEYRING}] {archive} {self.suite} main\n" for archive in self.archives)
        )
        (folder / "apt.conf").write_text(_apt_settings(folder))

    def _archives(self) -> list[str]:
        """Addresses of the Debian archives that this machine already uses: a mirror inside a company stays in use."""
        form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)"
        listed = self._run(
            ["apt-get", "indextargets", "--no-release-info", "--format", form, "Created-By: Packages"], own=False
        )
        rows = [line.split("|") for line in listed.stdout.splitlines() if line.count("|") == 3]
        codename = _os_release().get("VERSION_CODENAME", "bookworm")
        ours = [row for row in rows if row[1] == codename and row[2] == "main"]
        debian = [row for row in ours if not row[3] or "debian-archive" in row[3]] or ours
        if not debian:
            raise HarnessError(
                "apt knows no source of Debian's main component on this machine (/etc/apt/sources.list)", self.log
            )
        return list(dict.fromkeys(row[0] for row in debian))

    def _fetch(self, package: Package) -> None:
        deb = self._pinned(package) or self._current(package)
        self._run(["dpkg-deb", "-x", str(deb), str(self.folder / "root")], check=f"{deb.name} could not be unpacked")
        version = self._field(deb, "Version")
        if version != package.version:
            say(f"  ! Debian {self.suite} no longer has {package.name} {package.version}: {version} runs instead")
        stamp = {"pin": package.sha256, "version": version, "sha256": _sha256(deb), "witness": self._witness(deb)}
        (self.folder / "stamps" / f"{package.name}.json").write_text(json.dumps(stamp))
        deb.unlink()

    def _pinned(self, package: Package) -> Path | None:
        """The pinned version by its address: its hash is known, so no index is needed. None if no archive has it."""
        if package.architecture not in ("all", self._architecture()):
            return None
        deb = self.folder / "debs" / package.filename
        for archive in self.archives:
            deb.unlink(missing_ok=True)  # apt trusts a file that lies there already
            address = f"{archive.rstrip('/')}/pool/main/{package.place}/{package.filename}"
            self._run([APT_HELPER, "download-file", address, str(deb), f"SHA256:{package.sha256}"])
            if deb.is_file() and _sha256(deb) == package.sha256:
                return deb
        return None

    def _current(self, package: Package) -> Path:
        """The suite's current version, checked against the signed index."""
        if not self.indexed:
            problem = f"the Debian mirror could not be reached, or has no suite {self.suite}, to fetch {package.name}"
            self._run(["apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update"], check=problem)
            self.indexed = True
        for old in (self.folder / "debs").glob(f"{package.name}_*.deb"):
            old.unlink()
        self._run(
            ["apt-get", "-qq", "download", package.name], check=f"Debian {self.suite} gave no package {package.name}"
        )
        debs = sorted((self.folder / "debs").glob(f"{package.name}_*.deb"))
        if not debs:
            raise HarnessError(f"Debian {self.suite} gave no package {package.name}", self.log)
        version = self._field(debs[0], "Version")
        shown = self._run(["apt-cache", "show", f"{package.name}={version}"]).stdout
        sums = [line.split()[1] for line in shown.splitlines() if line.startswith("SHA256:")]
        if _sha256(debs[0]) not in sums:
            raise HarnessError(f"{debs[0].name} is not what Debian's index promises (SHA-256 differs)", self.log)
        return debs[0]

    def _architecture(self) -> str:
        return self._run(["dpkg", "--print-architecture"]).stdout.strip()

    def _field(self, deb: Path, field: str) -> str:
        return self._run(["dpkg-deb", "-f", str(deb), field], check=f"{deb.name} is no Debian package").stdout.strip()

    def _witness(self, deb: Path) -> str:
        """A file of the package whose presence shows that the tree is there."""
        listed = self._run(["dpkg-deb", "--contents", str(deb)]).stdout.splitlines()
        files = [line.split(None, 5)[5].removeprefix("./") for line in listed if line.startswith("-")]
        return next((name for name in files if name.startswith("usr/bin/")), files[0] if files else ".")

    def _run(self, command: Sequence[str], check: str = "", own: bool = True) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        if own:
            environment["APT_CONFIG"] = str(self.folder / "apt.conf")
        try:
            done = subprocess.run(
                command,
                cwd=self.folder / "debs",
                env=environment,
                text=True,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise HarnessError(f"{check or command[0]}: {problem}", self.log) from problem
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout[-4000:]}{done.stderr}\n")
        if check and done.returncode:
            raise HarnessError(check, self.log)
        return done


def _apt_settings(folder: Path) -> str:
    return f"""Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
"""


def _os_release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
