"""The rendered compose file as local command lines: production's flags, with Debian's programs for the images."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.harness.debian import Programs
from tests.harness.errors import HarnessError
from tests.harness.namespace import Bind

# What an image starts, by the end of its name: a service's `command` replaces the image's arguments, not its program.
ENTRYPOINTS = {
    "prom/prometheus": "prometheus",
    "prom/alertmanager": "alertmanager",
    "prom/blackbox-exporter": "blackbox",
}


# Where data outlives releases: the host sets the variable, here it is a folder of the run.
DATA_DIR = re.compile(r"\$\{DATA_DIR:-[^}]*\}")


class Service(NamedTuple):
    """A service to run here.

    `command` is the whole command line, `binds` what it must see in the image's places (configuration, secrets), `port`
    where it listens, `environment` what the file sets.
    """

    name: str
    image: str
    command: list[str]
    binds: list[Bind]
    port: int
    environment: dict[str, str]


class Compose:
    """The compose.yml of a config release that lies in a folder as the host has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            document = yaml.safe_load(path.read_text())
            self.services: dict[str, dict[str, Any]] = document["services"]
        except (OSError, yaml.YAMLError, KeyError, TypeError) as problem:
            raise HarnessError(f"{path} is no compose file: {problem}") from problem

    def image(self, name: str) -> str:
        """The image of a service with its version, as written."""
        return str(self._definition(name)["image"])

    def runnable(self) -> list[str]:
        """Names of the services for whose image Debian has the program."""
        return [name for name in self.services if _entrypoint(self.image(name))]

    def service(self, name: str, programs: Programs, volumes: Path) -> Service:
        """How to run a service here. Named volumes become folders below `volumes`."""
        definition = self._definition(name)
        entrypoint = _entrypoint(self.image(name))
        if not entrypoint:
            raise HarnessError(f"no program is known for the image {self.image(name)} of {name}")
        mounts = self._mounts(definition, volumes)
        arguments = [_localised(str(word), mounts) for word in definition.get("command") or []]
        binds = [bind for bind in mounts if bind.target.startswith("/etc/")]
        command = [str(getattr(programs, entrypoint)), *arguments]
        return Service(name, self.image(name), command, binds, _port(name, arguments), _environment(definition))

    def _definition(self, name: str) -> dict[str, Any]:
        if name not in self.services:
            raise HarnessError(f"{self.path} has no service {name}: it has {', '.join(self.services)}")
        return self.services[name]

    def _mounts(self, definition: Mapping[str, Any], volumes: Path) -> list[Bind]:
        mounts: list[Bind] = []
        read_only: list[Bind] = []
        for written in definition.get("volumes") or []:
            mount = DATA_DIR.sub(str(volumes), written) if isinstance(written, str) else written
            if not isinstance(mount, str) or mount.count(":") not in (1, 2):
                raise HarnessError(f"a mount in {self.path} is not of the form source:target[:ro]: {mount}")
            source, target = mount.split(":")[:2]
            mounts.append(Bind(self._source(source, volumes), target.rstrip("/")))
            if mount.endswith(":ro"):
                read_only.append(mounts[-1])
        # The outermost is mounted first.
        mounts.sort(key=lambda bind: bind.target.count("/"))
        for outer in mounts:
            self._make_points(outer, mounts, outer in read_only)
        return mounts

    def _make_points(self, outer: Bind, mounts: list[Bind], read_only: bool) -> None:
        """Folders inside `outer` for mounts inside it. Docker makes them too, but not in what it mounts read-only."""
        for inner in mounts:
            if inner.target.startswith(outer.target + "/"):
                point = outer.source / inner.target.removeprefix(outer.target + "/")
                if not point.exists() and read_only:
                    raise HarnessError(
                        f"{self.path} mounts {inner.target} in the read-only {outer.target}, and {point} is not there"
                    )
                point.mkdir(parents=True, exist_ok=True)

    def _source(self, source: str, volumes: Path) -> Path:
        if source.startswith(f"{volumes}/"):
            Path(source).mkdir(parents=True, exist_ok=True)
        if source.startswith((".", "/")):
            local = (self.path.parent / source).resolve()
            if not local.exists():
                raise HarnessError(f"{self.path} mounts {source}, which is not there")
            return local
        volume = volumes / source
        volume.mkdir(parents=True, exist_ok=True)
        return volume


def _entrypoint(image: str) -> str:
    folder, slash, name = image.partition("@")[0].rpartition("/")
    repository = folder + slash + name.partition(":")[0]
    return next((program for end, program in ENTRYPOINTS.items() if f"/{repository}".endswith(f"/{end}")), "")


def _localised(word: str, mounts: list[Bind]) -> str:
    """An argument with a container's path outside /etc mapped to the local one; /etc is seen as in the image."""
    flag, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
    for bind in reversed(mounts):
        inside = value == bind.target or value.startswith(bind.target + "/")
        if inside and not bind.target.startswith("/etc/"):
            return f"{flag}{equals}{bind.source}{value[len(bind.target) :]}"
    return word


def _port(name: str, arguments: list[str]) -> int:
    addresses = [word.partition("=")[2] for word in arguments if word.startswith("--web.listen-address=")]
    if not addresses:
        raise HarnessError(f"the compose service {name} has no --web.listen-address")
    return int(addresses[-1].rpartition(":")[2])


def _environment(definition: Mapping[str, Any]) -> dict[str, str]:
    settings = definition.get("environment") or {}
    if isinstance(settings, list):
        settings = dict(item.partition("=")[::2] for item in settings)
    return {str(name): str(value) for name, value in settings.items()}
