"""The platform's services as real processes on loopback addresses, driven by the normalised catalogue."""

import contextlib
import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from tests.harness.errors import HarnessError
from tests.harness.standins.series import BY_KIND, Sample, SeriesMap

PROGRAM = Path(__file__).with_name("service_process.py")


class ServiceError(HarnessError):
    """A service stand-in could not do what it was told."""


class Part(NamedTuple):
    """What one service does on one host: becomes one process."""

    service: str
    host: str
    ports: dict[int, dict[str, dict[str, Any]]]  # port -> path -> what to answer; no path: plain TCP
    probes: dict[str, int]  # probe name -> its port
    spec: dict[str, Any]  # "requests" and "set", as service_process reads them


def parts_of(services: Mapping[str, Any], series: Mapping[str, SeriesMap] | None = None) -> list[Part]:
    """What has to run for `catalogue.services`; `series` (by service) come on top of those of the service's kind."""
    return [part for name, service in services.items() for part in _parts(name, service, (series or {}).get(name, {}))]


def hosts_of(services: Mapping[str, Any]) -> list[str]:
    """Every host that the catalogue's targets and probes name."""
    return list(dict.fromkeys(part.host for part in parts_of(services)))


def loopback_hosts(hosts: Iterable[str], block: tuple[int, int] | None = None) -> dict[str, str]:
    """An address 127.A.B.x for each host; A and B are this run's own, so that runs side by side do not meet."""
    first, second = block or (random.randint(64, 254), random.randint(0, 250))
    numbered = enumerate(dict.fromkeys(hosts))
    return {host: f"127.{first}.{second + index // 254}.{index % 254 + 1}" for index, host in numbered}


def write_hosts(path: Path, addresses: Mapping[str, str]) -> Path:
    """Write an /etc/hosts for a private mount namespace."""
    lines = ["127.0.0.1 localhost", *(f"{address} {host}" for host, address in addresses.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


class Services:
    """Starts a process for each service and host; a `with` block ends them all.

    `services` is `catalogue.services`, `addresses` what `loopback_hosts(hosts_of(services))` gave.
    """

    def __init__(
        self,
        services: Mapping[str, Any],
        addresses: Mapping[str, str],
        series: Mapping[str, SeriesMap] | None = None,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._processes = [_Process(part, addresses[part.host]) for part in parts_of(services, series)]
        self._told = told

    def start(self) -> Self:
        """Start all, side by side; raises ServiceError with host and port when one cannot listen."""
        try:
            for process in self._processes:
                process.launch()
            for process in self._processes:
                process.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        for process in self._processes:
            process.kill()

    def names(self) -> list[str]:
        return list(dict.fromkeys(process.part.service for process in self._processes))

    def alive(self, service: str) -> bool:
        return all(process.alive for process in self._of(service))

    def kill(self, service: str, host: str = "") -> None:
        """End the service's processes (or only the one on `host`) at once: connections are refused."""
        for process in self._of(service, host):
            process.kill()
        self._told(f"{service} is killed")

    def restart(self, service: str, host: str = "") -> None:
        """Start again, healthy, with counters at zero."""
        for process in self._of(service, host):
            process.kill()
            process.launch()
            process.await_ready()
        self._told(f"{service} is back")

    def hang(self, service: str) -> None:
        """Connections are taken by the kernel, nothing is answered; ended by `recover`."""
        self._set(service, hanging=True)
        self._told(f"{service} hangs")

    def slow(self, service: str, seconds: float, probe: str = "") -> None:
        """Answer only after so many seconds (one probe, or everything)."""
        self._set(service, **({"delays": {probe: seconds}} if probe else {"delay": seconds}))
        self._told(f"{service} takes {seconds:g} s to answer{f' {probe}' if probe else ''}")

    def fail_probe(self, service: str, probe: str) -> None:
        """An HTTP probe gets 500 from now on, a TCP probe is refused."""
        process = self._with_probe(service, probe)
        port = process.part.ports[process.part.probes[probe]]
        if port:
            process.failing.add(probe)
            process.do({"do": "set", "failing": sorted(process.failing)})
        else:
            process.do({"do": "close", "port": process.part.probes[probe]})
        self._told(f"{service}'s probe {probe} fails")

    def mend_probe(self, service: str, probe: str) -> None:
        process = self._with_probe(service, probe)
        process.failing.discard(probe)
        process.do({"do": "set", "failing": sorted(process.failing)})
        process.do({"do": "open", "port": process.part.probes[probe]})
        self._told(f"{service}'s probe {probe} is well again")

    def error_share(self, service: str, share: float) -> None:
        """The share of requests (0 to 1) that end in a 500."""
        self._set_traffic(service, error_share=share)
        self._told(f"{service} answers {share:.0%} of its requests with an error")

    def rate(self, service: str, per_second: float) -> None:
        self._set_traffic(service, rate=per_second)

    def started(self, service: str, at: float) -> None:
        """What the service says of the start of its process (Unix seconds); without it, the truth."""
        for process in self._with_metrics(service):
            process.do({"do": "set", "started": at})

    def latency(self, service: str, seconds: float) -> None:
        """What requests take, as the histogram tells it (probes are not slower)."""
        self._set_traffic(service, latency=seconds)
        self._told(f"{service}'s requests take {seconds:g} s")

    def set_series(self, service: str, series: SeriesMap) -> None:
        """Add or change further series: 'redis_memory_used_bytes' -> Sample(960e6)."""
        for process in self._with_metrics(service):
            process.do({"do": "set", "series": _series(series)})

    def recover(self, service: str) -> None:
        """End hanging, slowness, failing probes and errors; start what was killed."""
        for process in self._of(service):
            if not process.alive:
                process.launch()
                process.await_ready()
            process.recover()
        self._told(f"{service} is well again")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _set(self, service: str, **settings: Any) -> None:
        for process in self._of(service):
            process.do({"do": "set", **settings})

    def _set_traffic(self, service: str, **settings: float) -> None:
        counting = [process for process in self._of(service) if process.part.spec["requests"]]
        if not counting:
            raise ServiceError(f"{service} counts no requests")
        for process in counting:
            process.do({"do": "set", **settings})

    def _of(self, service: str, host: str = "") -> list["_Process"]:
        found = [p for p in self._processes if p.part.service == service and host in ("", p.part.host)]
        if not found:
            raise ServiceError(f"nothing runs for {service}{f' on {host}' if host else ''}: have {self.names()}")
        return found

    def _with_probe(self, service: str, probe: str) -> "_Process":
        for process in self._of(service):
            if probe in process.part.probes:
                return process
        raise ServiceError(f"{service} has no probe {probe}")

    def _with_metrics(self, service: str) -> list["_Process"]:
        found = [process for process in self._of(service) if process.part.spec["exports"]]
        if not found:
            raise ServiceError(f"{service} exports no metrics")
        return found


class _Process:
    """One `service_process`, and the line that it is told things by."""

    def __init__(self, part: Part, address: str) -> None:
        self.part = part
        self.failing: set[str] = set()
        self._address = address
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        self.failing.clear()
        # A session of its own: Ctrl-C goes to the harness, and the end of its input tells the process to go.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        ports = [{"port": port, "paths": paths} for port, paths in self.part.ports.items()]
        self._write({"address": self._address, "ports": ports, **self.part.spec})

    def await_ready(self) -> None:
        self._read()

    def do(self, command: dict[str, Any]) -> None:
        """Tell the process something and wait until it has taken effect."""
        with self._lock:
            self._write(command)
            self._read()

    def recover(self) -> None:
        self.failing.clear()
        calm: dict[str, Any] = {"hanging": False, "delay": 0, "delays": {}, "failing": []}
        if self.part.spec["requests"]:
            calm["error_share"] = 0
        self.do({"do": "set", **calm, **self.part.spec["set"]})
        for port in self.part.ports:
            self.do({"do": "open", "port": port})

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                _close(pipe)

    def _write(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise ServiceError(f"{self.part.service} on {self.part.host} does not run")
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ServiceError(f"{self.part.service} on {self.part.host} has ended") from None

    def _read(self) -> None:
        answer = self._process.stdout.readline().strip() if self._process and self._process.stdout else ""
        if answer != "ok":
            raise ServiceError(f"{self.part.service} on {self.part.host}: {answer or 'has ended'}")


def _close(pipe: Any) -> None:
    with contextlib.suppress(BrokenPipeError):  # there was still something to write to a process that is gone
        pipe.close()


def _parts(name: str, service: Mapping[str, Any], series: SeriesMap) -> list[Part]:
    parts: dict[str, Part] = {}

    def part(host: str) -> Part:
        return parts.setdefault(host, Part(name, host, {}, {}, {"requests": False, "exports": False, "set": {}}))

    metrics = service.get("metrics") or {}
    for target in metrics.get("targets", []):
        host, port = _split(target)
        part(host).ports.setdefault(port, {})[metrics.get("path", "/metrics")] = {"kind": "metrics"}
        all_series = {**BY_KIND.get(service.get("kind", ""), {}), **series}
        part(host).spec.update(
            requests=bool(service.get("requests")), exports=True, set={"series": _series(all_series)}
        )
    for probe in service.get("probes") or []:
        host, port, path = _probed(probe)
        paths = part(host).ports.setdefault(port, {})
        part(host).probes[probe["name"]] = port
        if path:
            status = (probe.get("valid_status_codes") or [200])[0]
            paths.setdefault(path, {"kind": "health", "probe": probe["name"], "status": status})
    return list(parts.values())


def _probed(probe: Mapping[str, Any]) -> tuple[str, int, str]:
    """Host, port and path ("" for TCP) of a probe."""
    if probe["type"] == "tcp":
        return *_split(probe["target"]), ""
    url = urlsplit(probe["target"])
    if url.scheme != "http" or not url.hostname:
        raise ServiceError(f"the stand-ins speak http, not {probe['target']}")
    return url.hostname, url.port or 80, url.path or "/"


def _split(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition(":")
    return host, int(port)


def _series(series: SeriesMap) -> dict[str, dict[str, float]]:
    return {name: Sample(*sample)._asdict() for name, sample in series.items()}
