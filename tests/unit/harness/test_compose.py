"""The compose file's services as local command lines."""

from pathlib import Path

import pytest

from tests.harness.compose import Compose
from tests.harness.debian import Programs
from tests.harness.errors import HarnessError
from tests.harness.namespace import Bind

COMPOSE = """
services:
  prometheus:
    image: registry.example/mirror/prom/prometheus:v2.47.0
    command:
      - --config.file=/etc/prometheus/prometheus.yml
      - --storage.tsdb.path=/prometheus
      - --web.listen-address=:19090
    volumes: ["./prometheus:/etc/prometheus:ro", "prometheus-data:/prometheus"]
    environment: { GOMAXPROCS: 2 }
  alertmanager:
    image: docker.io/prom/alertmanager@sha256:aa
    command: ["--web.listen-address=127.0.0.1:19093"]
    volumes: ["./alertmanager:/etc/alertmanager:ro", "./secrets:/etc/alertmanager/secrets:ro"]
    environment: ["A=b=c"]
  grafana:
    image: grafana/grafana:10.2.0
volumes: { prometheus-data: {} }
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    for name in ("prometheus", "alertmanager/secrets", "secrets"):
        (tmp_path / "release" / name).mkdir(parents=True)
    (tmp_path / "release/compose.yml").write_text(COMPOSE)
    return tmp_path / "release"


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    binaries = tmp_path / "root/usr/bin"
    binaries.mkdir(parents=True)
    for name in ("prometheus", "prometheus-alertmanager"):
        (binaries / name).touch()
    return Programs("bookworm", tmp_path / "root", {})


def test_flags_are_the_files_own_and_data_lies_in_the_run(release: Path, programs: Programs, tmp_path: Path) -> None:
    service = Compose(release / "compose.yml").service("prometheus", programs, tmp_path / "volumes")

    assert service.command == [
        str(programs.prometheus),
        "--config.file=/etc/prometheus/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/volumes/prometheus-data",
        "--web.listen-address=:19090",
    ]
    assert service.binds == [Bind(release / "prometheus", "/etc/prometheus")]
    assert (service.port, service.environment) == (19090, {"GOMAXPROCS": "2"})
    assert (tmp_path / "volumes/prometheus-data").is_dir()


def test_secrets_are_seen_inside_the_configuration(release: Path, programs: Programs, tmp_path: Path) -> None:
    service = Compose(release / "compose.yml").service("alertmanager", programs, tmp_path / "volumes")

    assert service.binds == [
        Bind(release / "alertmanager", "/etc/alertmanager"),
        Bind(release / "secrets", "/etc/alertmanager/secrets"),
    ]
    assert (service.port, service.environment) == (19093, {"A": "b=c"})


def test_what_docker_could_not_mount_is_not_mounted_here(release: Path, programs: Programs, tmp_path: Path) -> None:
    (release / "alertmanager/secrets").rmdir()

    with pytest.raises(HarnessError, match=r"mounts /etc/alertmanager/secrets in the read-only /etc/alertmanager"):
        Compose(release / "compose.yml").service("alertmanager", programs, tmp_path)


def test_services_without_a_program_are_known(release: Path, programs: Programs, tmp_path: Path) -> None:
    compose = Compose(release / "compose.yml")

    assert compose.runnable() == ["prometheus", "alertmanager"]
    with pytest.raises(HarnessError, match=r"no program is known for the image grafana/grafana:10.2.0"):
        compose.service("grafana", programs, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      - --web.listen-address=:19090\n", "", "prometheus has no --web.listen-address"),
        ("./prometheus:/etc", "./promtheus:/etc", r"mounts ./promtheus, which is not there"),
        ("services:", "service:", "is no compose file"),
    ],
)
def test_a_wrong_file_is_told(release: Path, programs: Programs, tmp_path: Path, old: str, new: str, said: str) -> None:
    (release / "compose.yml").write_text(COMPOSE.replace(old, new))

    with pytest.raises(HarnessError, match=said):
        Compose(release / "compose.yml").service("prometheus", programs, tmp_path)
