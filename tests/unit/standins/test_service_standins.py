import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.harness.standins.series import Sample, enrichment
from tests.harness.standins.services import ServiceError, Services, hosts_of, loopback_hosts, write_hosts

SERVICES: dict[str, Any] = {
    "cns-service": {
        "kind": "service",
        "requests": True,
        "metrics": {"targets": ["cns-service:27200"], "path": "/metrics"},
        "probes": [
            {"name": "health", "type": "http", "target": "http://cns-service:8000/api/health/"},
            {"name": "config", "type": "http", "target": "http://cns-service:8000/health/config"},
            {"name": "moved", "type": "http", "target": "http://cns-service:8000/old", "valid_status_codes": [301]},
        ],
    },
    "redis": {
        "kind": "cache",
        "requests": False,
        "metrics": {"targets": ["redis-exporter:9121"], "path": "/metrics"},
        "probes": [{"name": "tcp", "type": "tcp", "target": "redis:6379"}],
    },
    "temporal": {
        "kind": "service",
        "requests": False,
        "metrics": None,
        "probes": [{"name": "tcp", "type": "tcp", "target": "temporal:7233"}],
    },
}


class World(NamedTuple):
    services: Services
    addresses: dict[str, str]

    def get(self, host: str, port: int, path: str, timeout: float = 5) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.addresses[host], port, timeout=timeout)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def probe(self, path: str = "/api/health/", timeout: float = 5) -> int:
        return self.get("cns-service", 8000, path, timeout)[0]

    def connect(self, host: str, port: int) -> None:
        socket.create_connection((self.addresses[host], port), timeout=2).close()

    def value(self, series: str) -> float | None:
        """A series of cns-service, None when it is absent."""
        match = re.search(rf"(?m)^{re.escape(series)} (\S+)$", self.get("cns-service", 27200, "/metrics")[1])
        return float(match.group(1)) if match else None


@pytest.fixture
def world() -> Iterator[World]:
    addresses = loopback_hosts(hosts_of(SERVICES))
    with Services(SERVICES, addresses, {"cns-service": enrichment()}) as services:
        yield World(services, addresses)


OK = 'http_requests_total{method="GET",status="200"}'
BAD = 'http_requests_total{method="GET",status="500"}'


def test_each_host_of_the_catalogue_has_an_address_of_this_run() -> None:
    addresses = loopback_hosts(hosts_of(SERVICES), block=(80, 7))

    assert addresses == {
        "cns-service": "127.80.7.1",
        "redis-exporter": "127.80.7.2",
        "redis": "127.80.7.3",
        "temporal": "127.80.7.4",
    }
    assert len(set(loopback_hosts(f"host-{index}" for index in range(600)).values())) == 600


def test_a_hosts_file_names_them(tmp_path: Path) -> None:
    written = write_hosts(tmp_path / "hosts", {"cns-service": "127.80.7.1"})

    assert written.read_text() == "127.0.0.1 localhost\n127.80.7.1 cns-service\n"


def test_metrics_health_and_tcp_are_served_on_the_catalogues_own_ports(world: World) -> None:
    assert world.probe() == 200
    assert world.probe("/health/config") == 200
    assert world.probe("/old") == 301
    assert world.probe("/nothing") == 404
    world.connect("redis", 6379)
    world.connect("temporal", 7233)
    assert "redis_memory_max_bytes 1000000000\n" in world.get("redis-exporter", 9121, "/metrics")[1]
    assert 'enrichment_duration_seconds_bucket{le="5.0"}' in world.get("cns-service", 27200, "/metrics")[1]


def test_counters_advance_with_the_clock_and_errors_appear_only_when_there_are_some(world: World) -> None:
    world.services.rate("cns-service", 1000)
    before = world.value(OK) or 0
    time.sleep(0.2)
    assert 100 < (world.value(OK) or 0) - before < 1000
    assert world.value(BAD) is None

    world.services.error_share("cns-service", 0.3)
    time.sleep(0.2)
    good, bad = world.value(OK) or 0, world.value(BAD) or 0
    assert 20 < bad < good

    world.services.recover("cns-service")
    still = world.value(BAD)
    time.sleep(0.1)
    assert world.value(BAD) == still


def test_slow_requests_leave_the_lower_buckets(world: World) -> None:
    world.services.rate("cns-service", 1000)
    world.services.latency("cns-service", 4)
    below, count = 'http_request_duration_seconds_bucket{le="1.0"}', "http_request_duration_seconds_count"
    before = world.value(below), world.value(count) or 0
    time.sleep(0.1)

    assert world.value(below) == before[0]
    assert (world.value(count) or 0) > before[1] + 50


def test_a_killed_service_refuses_on_every_port_and_comes_back_from_zero(world: World) -> None:
    world.services.rate("cns-service", 10_000)
    time.sleep(0.1)
    world.services.kill("cns-service")
    assert not world.services.alive("cns-service")
    for port in (8000, 27200):
        with pytest.raises(ConnectionRefusedError):
            world.connect("cns-service", port)

    world.services.restart("cns-service")

    assert world.probe() == 200
    assert (world.value(OK) or 0) < 500
    assert (world.value("process_start_time_seconds") or 0) > time.time() - 10


def test_one_host_of_a_service_can_be_killed_alone(world: World) -> None:
    world.services.kill("redis", "redis-exporter")

    world.connect("redis", 6379)
    with pytest.raises(ConnectionRefusedError):
        world.connect("redis-exporter", 9121)


def test_a_hanging_service_takes_connections_and_answers_nothing(world: World) -> None:
    world.services.hang("cns-service")
    with pytest.raises(TimeoutError):
        world.probe(timeout=0.2)
    with pytest.raises(TimeoutError):
        world.get("cns-service", 27200, "/metrics", timeout=0.2)

    world.services.recover("cns-service")

    assert world.probe() == 200


def test_a_hanging_service_can_be_told_more_and_killed(world: World) -> None:
    world.services.hang("cns-service")
    world.services.error_share("cns-service", 0.5)
    with pytest.raises(TimeoutError):
        world.probe(timeout=0.2)

    world.services.kill("cns-service")

    with pytest.raises(ConnectionRefusedError):
        world.probe()


def test_a_failing_probe_is_its_own_and_no_other(world: World) -> None:
    world.services.fail_probe("cns-service", "config")
    assert (world.probe("/health/config"), world.probe()) == (500, 200)

    world.services.mend_probe("cns-service", "config")
    assert world.probe("/health/config") == 200


def test_a_failing_tcp_probe_is_refused(world: World) -> None:
    world.services.fail_probe("redis", "tcp")
    with pytest.raises(ConnectionRefusedError):
        world.connect("redis", 6379)

    world.services.mend_probe("redis", "tcp")
    world.connect("redis", 6379)


def test_a_slow_probe_answers_late_and_holds_up_no_other(world: World) -> None:
    world.services.slow("cns-service", 0.4, probe="config")
    with pytest.raises(TimeoutError):
        world.probe("/health/config", timeout=0.2)
    assert world.probe(timeout=0.2) == 200

    begin = time.monotonic()
    assert world.probe("/health/config") == 200
    assert time.monotonic() - begin >= 0.4


def test_a_series_can_be_set_while_it_runs(world: World) -> None:
    world.services.set_series("redis", {"redis_memory_used_bytes": Sample(960e6)})

    assert "redis_memory_used_bytes 960000000\n" in world.get("redis-exporter", 9121, "/metrics")[1]


def test_a_service_can_say_that_it_has_run_for_long(world: World) -> None:
    world.services.started("cns-service", 1000.0)

    assert world.value("process_start_time_seconds") == 1000


def test_what_does_not_exist_is_named(world: World) -> None:
    with pytest.raises(ServiceError, match="nothing runs for cns: have"):
        world.services.kill("cns")
    with pytest.raises(ServiceError, match="cns-service has no probe confg"):
        world.services.fail_probe("cns-service", "confg")
    with pytest.raises(ServiceError, match="redis counts no requests"):
        world.services.error_share("redis", 0.5)
    with pytest.raises(ServiceError, match="temporal exports no metrics"):
        world.services.set_series("temporal", {})
    world.services.kill("temporal")
    with pytest.raises(ServiceError, match="temporal on temporal does not run"):
        world.services.hang("temporal")


def test_a_port_in_use_is_one_clear_line_and_nothing_is_left_running() -> None:
    addresses = loopback_hosts(hosts_of(SERVICES))
    with socket.create_server((addresses["temporal"], 7233)):
        services = Services(SERVICES, addresses)
        with pytest.raises(ServiceError, match=r"temporal on temporal: cannot listen on .*\[7233\]: Address already"):
            services.start()
        assert not services.alive("cns-service")


def test_a_target_that_a_stand_in_cannot_be_is_refused() -> None:
    probe = {"name": "health", "type": "http", "target": "https://cns-service/health"}
    with pytest.raises(ServiceError, match="speak http, not https://cns-service/health"):
        hosts_of({"cns-service": {"metrics": None, "probes": [probe]}})


def test_a_service_ends_with_its_parent() -> None:
    script = (
        "import os, sys; sys.path.insert(0, os.getcwd())\n"
        "from tests.harness.standins.services import Services\n"
        "probe = {'name': 'tcp', 'type': 'tcp', 'target': 'h:7233'}\n"
        "one = Services({'s': {'metrics': None, 'probes': [probe]}}, {'h': sys.argv[1]}).start()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    address = loopback_hosts(["h"])["h"]
    subprocess.run([sys.executable, "-c", script, address], cwd=Path(__file__).parents[3], check=False, timeout=10)

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            socket.create_connection((address, 7233), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    pytest.fail(f"something still listens on {address}:7233 (pid of this test: {os.getpid()})")
