"""A private view of the file system for one program: files and folders of a run in places where the program looks.

No container: a mount namespace (`unshare -m` as root, `-Urm` for others), or Debian's PRoot where namespaces are
forbidden. What is below /etc or /usr/share keeps what the system has there.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tests.harness import debian
from tests.harness.errors import HarnessError

# $1 folder laid over /usr/share, $2 folder laid over /etc, $3 number of (source, target) pairs that follow.
SCRIPT = """
set -e
[ -z "$1" ] || mount -t overlay overlay -o "lowerdir=$1:/usr/share" /usr/share
[ -z "$2" ] || mount -t overlay overlay -o "lowerdir=$2:/etc" /etc
pairs=$3
shift 3
while [ "$pairs" -gt 0 ]; do
  mount --rbind "$1" "$2"
  shift 2
  pairs=$((pairs - 1))
done
exec "$@"
"""
WAYS = (["unshare", "-m"], ["unshare", "-Urm"])


class Bind(NamedTuple):
    """A local file or folder and the place where the program shall see it."""

    source: Path
    target: str


class Namespace:
    """Wraps command lines: they run with `binds` in place, `share` laid over /usr/share and `hosts` as /etc/hosts.

    `folder` is a folder of this run for the mount points that the system does not have.
    """

    def __init__(
        self, folder: Path, share: Path | None = None, hosts: Path | None = None, binds: Iterable[Bind] = ()
    ) -> None:
        self.folder = folder
        self.share = share
        self.binds = [*binds, *([Bind(hosts, "/etc/hosts")] if hosts else [])]

    def wrap(self, command: Sequence[str | Path]) -> list[str]:
        """The command line that runs `command` with this view. The program keeps the process id that is started."""
        words = [str(word) for word in command]
        if not self.share and not self.binds:
            return words
        way = available_way()
        if way is None:
            return [*self._proot(), *words]
        pairs = [str(part) for bind in self.binds for part in bind]
        layers = [_escaped(self.share) if self.share else "", self._etc_layer()]
        return [
            *way,
            "--propagation",
            "private",
            "sh",
            "-c",
            SCRIPT,
            "sh",
            *layers,
            str(len(self.binds)),
            *pairs,
            *words,
        ]

    def _etc_layer(self) -> str:
        """A folder with empty mount points for what /etc does not have; empty when it has them all."""
        missing = [bind for bind in self.binds if not Path(bind.target).exists()]
        if not missing:
            return ""
        layer = self.folder / "etc"
        for bind in missing:
            relative = Path(bind.target).relative_to("/")
            if relative.parts[0] != "etc":
                raise HarnessError(f"{bind.target} does not exist here and lies outside /etc: nothing can be put there")
            point = layer.joinpath(*relative.parts[1:])
            if bind.source.is_dir():
                point.mkdir(parents=True, exist_ok=True)
            else:
                point.parent.mkdir(parents=True, exist_ok=True)
                point.touch()
        # A container's own bind mounts in /etc are not part of the folder below them.
        for name in ("hosts", "resolv.conf", "hostname"):
            system = Path("/etc", name)
            if system.is_file() and os.access(system, os.R_OK):
                shutil.copyfile(system, layer / name)
        return _escaped(layer)

    def _proot(self) -> list[str]:
        program, libraries = debian.proot()
        over = [Bind(path, f"/usr/share/{path.name}") for path in sorted(self.share.iterdir())] if self.share else []
        new = [bind for bind in over if not Path(bind.target).exists()]
        binds = [f"--bind={bind.source}:{bind.target}" for bind in [*new, *self.binds]]
        return ["env", f"LD_LIBRARY_PATH={libraries}", str(program), *binds]


@lru_cache(maxsize=1)
def available_way() -> tuple[str, ...] | None:
    """How this machine lets us have a mount namespace with an overlay; None when it does not."""
    if os.environ.get("HARNESS_NAMESPACE") == "proot":
        return None
    probe = "mount -t overlay overlay -o lowerdir=/usr/share:/etc /usr/share && mount --rbind /etc/hosts /etc/hosts"
    ways = WAYS if os.geteuid() == 0 else WAYS[1:]
    return next((tuple(way) for way in ways if _works([*way, "--propagation", "private", "sh", "-c", probe])), None)


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _escaped(path: Path) -> str:
    """A path as the overlay's option wants it."""
    return str(path).replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
