"""The monitoring host: a config release and its secrets, run with the command lines of its own compose file."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.harness import debian
from tests.harness.alertmanager import Alertmanager
from tests.harness.blackbox import Blackbox
from tests.harness.compose import Compose
from tests.harness.errors import HarnessError
from tests.harness.namespace import Namespace
from tests.harness.process import Supervisor
from tests.harness.prometheus import Prometheus

START_TIMEOUT_S = 40.0


class Host:
    """`release` is a folder as the host's agent lays it out, `secrets/` included. Starts with the block, ends with it.

    `hosts_file` gives the platform's names their addresses, `ca_file` (PEM) is whom the programs trust.
    """

    def __init__(self, release: Path, run_dir: Path, hosts_file: Path, ca_file: Path, suite: str = "bookworm") -> None:
        self.release = release
        self.run_dir = run_dir
        self.hosts_file = hosts_file
        self.environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "SSL_CERT_FILE": str(ca_file)}
        self.programs = debian.programs(suite)
        self.compose = Compose(release / "compose.yml")
        self.volumes = run_dir / "volumes"
        self.supervisor = Supervisor(run_dir)
        ports = {name: self.compose.service(name, self.programs, self.volumes).port for name in self.compose.runnable()}
        self.prometheus = Prometheus(f"http://127.0.0.1:{ports['prometheus']}")
        self.alertmanager = Alertmanager(f"http://127.0.0.1:{ports['alertmanager']}")
        self.blackbox = Blackbox(f"http://127.0.0.1:{ports['blackbox']}")

    @property
    def history(self) -> Path:
        """The TSDB's folder: what is written there before the start is the past."""
        return self.volumes / "prometheus"

    def start(self) -> Self:
        """Alertmanager first, so that it hears everything."""
        for name in ("alertmanager", "blackbox", "prometheus"):
            self.start_program(name)
        return self

    def start_program(self, name: str) -> None:
        """Start one service of the compose file; HarnessError with its log when it does not get ready."""
        service = self.compose.service(name, self.programs, self.volumes)
        client = {"prometheus": self.prometheus, "alertmanager": self.alertmanager, "blackbox": self.blackbox}[name]
        folder = self.run_dir / "namespaces" / name
        folder.mkdir(parents=True, exist_ok=True)
        share = self.programs.root / "usr/share" if name == "alertmanager" else None
        view = Namespace(folder, share=share, hosts=self.hosts_file, binds=service.binds)
        self.supervisor.start(
            name,
            view.wrap(service.command),
            ready=client.is_ready,
            timeout_s=START_TIMEOUT_S,
            ports=[service.port],
            env={**self.environment, **service.environment},
            cwd=self.run_dir,
        )

    def stop_program(self, name: str) -> None:
        """End one service as an orderly restart would."""
        self.supervisor.stop(name)

    def stop(self) -> None:
        self.supervisor.stop_all()

    def wait_until_scraped(self, timeout_s: float = 330.0) -> None:
        """Wait until every target has been scraped, every rule evaluated and nothing fires: then silence means health.

        The slowest group runs every sixteenth evaluation, which is every 4 minutes with production's timings.
        """
        deadline = time.monotonic() + timeout_s
        while missing := self._not_yet_seen():
            if time.monotonic() > deadline:
                raise HarnessError(f"after {timeout_s:.0f} s Prometheus has not yet seen {', '.join(missing[:5])}")
            time.sleep(0.2)

    def setting(self, file: str, *keys: str) -> str:
        """A value of one of the release's YAML files."""
        value: Any = yaml.safe_load((self.release / file).read_text())
        for key in keys:
            value = value[key]
        return str(value)

    def _not_yet_seen(self) -> list[str]:
        """Targets that have not answered, rules that have not been evaluated, alerts but the one that always fires."""
        targets = [target["scrapeUrl"] for target in self.prometheus.targets() if target["health"] != "up"]
        rules = [rule["name"] for rule in self.prometheus.rules() if rule["health"] != "ok"]
        alerts = [alert["labels"]["alertname"] for alert in self.prometheus.alerts()]
        return [*targets, *rules, *(alert for alert in alerts if alert != "Watchdog")]

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def lay_out(files: Mapping[str, str], secrets: Mapping[str, str], folder: Path) -> Path:
    """A release folder without AWS: rendered files and secret values, as the host's agent would lay them out."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "secrets").mkdir(mode=0o700)
    for name, value in secrets.items():
        (folder / "secrets" / name).write_text(value)
    return folder
