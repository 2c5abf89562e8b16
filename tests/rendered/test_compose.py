"""The compose file starts the promised programs with the promised flags and mounts nothing writable but their data."""

from typing import Any

import pytest
import yaml

from tests.harness import paths
from tests.harness.render import render
from tests.rendered.conftest import Release

IMAGES = {
    "prometheus": "docker.io/prom/prometheus:v2.47.0",
    "alertmanager": "docker.io/prom/alertmanager:v0.26.0",
    "blackbox": "docker.io/prom/blackbox-exporter:v0.24.0",
    "grafana": "docker.io/grafana/grafana:10.2.0",
}


@pytest.fixture(scope="module")
def services(ananta: Release) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(ananta.rendered.files["compose.yml"])
    return content["services"]  # type: ignore[no-any-return]


def test_the_images_are_those_of_the_technology_table(services: dict[str, Any]) -> None:
    assert {name: service["image"] for name, service in services.items()} == IMAGES


def test_the_retention_outlives_the_longest_slo_window_and_the_urls_are_known(services: dict[str, Any]) -> None:
    assert set(services["prometheus"]["command"]) == {
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=31d",
        "--web.listen-address=:9090",
        "--web.enable-lifecycle",
        "--web.external-url=https://prometheus.ananta.io",
        "--web.route-prefix=/",
    }
    assert "--web.external-url=https://alertmanager.ananta.io" in services["alertmanager"]["command"]


def test_only_data_is_writable(services: dict[str, Any]) -> None:
    writable = {volume for service in services.values() for volume in service["volumes"] if not volume.endswith(":ro")}
    assert writable == {
        "${DATA_DIR:-./data}/prometheus:/prometheus",
        "${DATA_DIR:-./data}/alertmanager:/alertmanager",
        "${DATA_DIR:-./data}/grafana:/var/lib/grafana",
    }
    assert "./secrets:/etc/alertmanager/secrets:ro" in services["alertmanager"]["volumes"]


def test_every_program_is_restarted_and_asked_whether_it_lives(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["restart"] == "unless-stopped"
        assert service["network_mode"] == "host"
        assert service["healthcheck"]["test"][0] == "CMD"


def test_versions_ports_and_registry_are_settings() -> None:
    settings = {
        "monitoring": {
            "registry": "registry.example.org/mirror",
            "versions": {"prometheus": "v2.53.3"},
            "ports": {"prometheus": 19090, "alertmanager": 19093, "blackbox": 19115},
            "retention_days": 90,
        }
    }
    files = render(paths.ROOT / "examples/minimal", settings).files
    prometheus = yaml.safe_load(files["compose.yml"])["services"]["prometheus"]
    assert prometheus["image"] == "registry.example.org/mirror/prom/prometheus:v2.53.3"
    assert {"--web.listen-address=:19090", "--storage.tsdb.retention.time=90d"} <= set(prometheus["command"])
    config = yaml.safe_load(files["prometheus/prometheus.yml"])
    assert config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] == ["127.0.0.1:19093"]
