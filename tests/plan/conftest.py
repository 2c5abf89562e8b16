"""Plans of the module and its examples, each made once a session, without an emulator and without a network.

A plan costs some ten seconds of CPU whatever it holds, so that few plans are made and much is asserted of each.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tftest
import yaml

from tests.harness import paths, terraform
from tests.plan.answers import ACCOUNT, answering

REGION = "eu-central-1"
SMALL = yaml.safe_load((paths.ROOT / "examples/minimal/platform.yaml").read_text())
EXTENSION = f"arn:aws:lambda:{REGION}:187925254637:layer:AWS-Parameters-and-Secrets-Lambda-Extension:12"
VOLUME_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
SUBNET = {"id": "subnet-1", "availability_zone": f"{REGION}a", "vpc_id": "vpc-1"}


class Plan:
    """One plan: resources by address without their module's name in the root, and outputs by name."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.resources: dict[str, dict[str, Any]] = {}
        self.types: dict[str, str] = {}
        self._walk(raw.get("planned_values", {}).get("root_module", {}))
        # What is known of each output: planned_values leaves one out whole when a part of it is not.
        changes = raw.get("output_changes", {})
        self.outputs: dict[str, Any] = {name: change.get("after") for name, change in changes.items()}
        self.reads = [change["address"] for change in raw.get("resource_changes", []) if change["mode"] == "data"]

    def _walk(self, module: dict[str, Any]) -> None:
        for resource in module.get("resources", []):
            if resource["mode"] == "managed":
                address = resource["address"].removeprefix("module.alerting.")
                self.resources[address] = resource.get("values", {})  # none where nothing is known yet
                self.types[address] = resource["type"]
        for child in module.get("child_modules", []):
            self._walk(child)

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Planned values of every resource of a type, by address."""
        return {address: values for address, values in self.resources.items() if self.types[address] == kind}

    def alarms(self, kind: str = "metric") -> dict[str, dict[str, Any]]:
        """The alarms of the catalogue's resources, by name: `metric` (metric math included) or `composite`."""
        found = self.of_type(f"aws_cloudwatch_{kind}_alarm")
        return {v["alarm_name"]: v for address, v in found.items() if address.startswith("module.alarms[0]")}

    def actions(self, name: str) -> dict[str, bool]:
        """For ALARM, OK and INSUFFICIENT_DATA: whether an alarm tells it to a topic, whose ARN no plan knows."""
        address = next(a for a, v in self.resources.items() if v.get("alarm_name") == name)
        change = next(
            one["change"]
            for one in self.raw["resource_changes"]
            if one["address"].removeprefix("module.alerting.") == address
        )
        keys = {"ALARM": "alarm_actions", "OK": "ok_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}
        return {
            state: bool(change["after"].get(key) or change["after_unknown"].get(key)) for state, key in keys.items()
        }


class Root:
    """A copy of a root module that is planned against the answering server."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        terraform.point_at_emulator(folder, url, region=REGION)
        self.test = tftest.TerraformTest(str(folder), binary=str(terraform.terraform_binary()))
        self.test.execute_command("init", "-input=false", "-no-color")

    def plan(self, **variables: Any) -> Plan:
        """Plan with these variables. tftest.TerraformTestError when Terraform refuses."""
        path = self.folder / "test.tfvars.json"
        path.write_text(json.dumps(variables))
        self.test.execute_command("plan", "-input=false", "-no-color", "-out=test.plan", f"-var-file={path}")
        shown = self.test.execute_command("show", "-json", "-no-color", "test.plan").out
        return Plan(json.loads(shown))

    def refusal(self, **variables: Any) -> str:
        """What Terraform says when it refuses these variables, as one line without its frame."""
        with pytest.raises(tftest.TerraformTestError) as raised:
            self.plan(**variables)
        lines = [line.strip("│╷╵ ").strip() for line in str(raised.value.cmd_error).splitlines()]
        return " ".join(line for line in lines if line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a plan waits for it, on a busy machine for a minute."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    with answering() as url:
        yield url


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return terraform.copy_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="session")
def ananta(repository: Path, aws: str) -> Plan:
    """The reference deployment."""
    return Root(repository / "examples/ananta", aws).plan()


@pytest.fixture(scope="session")
def brought(repository: Path, aws: str) -> Plan:
    """The deployment that brings key, topics, network and permissions boundary."""
    return Root(repository / "examples/existing-infrastructure", aws).plan()


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory, aws: str) -> Root:
    """The module itself, to plan with variables of one's own: a copy apart, for it gets a provider block."""
    return Root(terraform.copy_repository(tmp_path_factory.mktemp("module")), aws)


@pytest.fixture(scope="session")
def tuned(module: Root) -> Plan:
    """What single resources may say: members, a cluster, thresholds, tiers, switches; a long name in a long region."""
    platform: dict[str, Any] = {
        **SMALL,
        "databases": {
            "db": {
                "plane": "shop",
                "identifier": "db",
                "alarms": {
                    "cpu-high": {"threshold": 70, "critical_threshold": 95},
                    "connections-high": {"enabled": False},
                    "storage-low": {"threshold": 2.5, "severity": "critical"},
                    "memory-low": {"threshold": 1, "critical_threshold": 0.125},
                    "replica-lag-high": {"severity": "critical"},
                    "write-latency-high": {"enabled": False},
                },
            },
            "aurora": {"plane": "shop", "identifier": "aurora-1", "kind": "cluster"},
        },
        "caches": {
            "redis": {"plane": "shop", "alarms": {"engine-cpu-high": {"enabled": False}}},
            # A replication group and one in cluster mode: metrics are published by their members alone.
            "sessions": {"plane": "shop", "replication_group": "sessions", "members": ["sessions-001", "sessions-002"]},
            "catalogue": {
                "plane": "shop",
                "replication_group": "catalogue",
                "members": ["catalogue-0001-001", "catalogue-0001-002", "catalogue-0002-001"],
            },
        },
    }
    return module.plan(
        platform=platform,
        name="a-name-of-21-letters-",
        cloudwatch={
            "events": {"rds": True, "ecs": True, "health": True, "guardduty": True},
            "recommended_alarms": True,
            "insufficient_data_alarms": ["a-name-of-21-letters--db-cpu-high"],
        },
        forwarders={
            "tracing": True,
            "reserved_concurrency": 4,
            "log_retention_days": 30,
            "runtime": "python3.13",
            "secret_ttl_seconds": 120,
            "secrets_extension": {"layer_arn": EXTENSION},
            "timeout_seconds": 60,
            "retries": 0,
            "give_up_after_seconds": 21600,
        },
        permissions_boundary_arn="arn:aws:iam::123456789012:policy/boundary",
        pagerduty_region="eu",
        host={"subnet": SUBNET, "ami_id": "ami-1", "volume_key": {"key_arn": VOLUME_KEY}},
        tags={"owner": "shop"},
    )


@pytest.fixture(scope="session")
def watched(module: Root) -> Plan:
    """Alarms over alarms: quiet symptoms of databases, SLOs of load balancers; and whom each is mailed to."""
    return module.plan(
        platform={
            **SMALL,
            "databases": {
                "plain": {"plane": "shop", "identifier": "plain"},
                "db": {
                    "plane": "shop",
                    "identifier": "db",
                    "alarms": {
                        "cpu-high": {"critical_threshold": 95},
                        "connections-high": {"critical_threshold": 300},
                        "memory-low": {},
                        "replica-lag-high": {},
                        "read-latency-high": {"severity": "info"},
                    },
                },
                # A symptom that pages, and only a cause that warns; no cause at all; no symptom.
                "paging": {
                    "plane": "shop",
                    "identifier": "paging",
                    "alarms": {"connections-high": {"severity": "critical"}},
                },
                "causeless": {
                    "plane": "shop",
                    "identifier": "causeless",
                    "alarms": {"cpu-high": {"enabled": False}},
                },
                "calm": {"plane": "shop", "identifier": "calm", "alarms": {"connections-high": {"enabled": False}}},
            },
            "caches": {"redis": {"plane": "shop"}},
            "ecs_services": {"web": {"plane": "shop", "cluster": "shop"}},
            "load_balancers": {
                "web": {
                    "plane": "shop",
                    "load_balancer": "app/web/50dc6c495c0c9188",
                    "objective": 99.9,
                    "pages": True,
                    "min_bad_events": 3,
                },
                "api": {
                    "plane": "shop",
                    "load_balancer": "app/web/50dc6c495c0c9188",
                    "target_group": "targetgroup/api/73e2d6bc24d8a067",
                    "objective": 99.5,
                    "window": "28d",
                },
                "new": {"plane": "shop", "objective": 95},
            },
            "severities": {
                "critical": {"pagerduty": "pagerduty_key", "slack": "#shop-pages", "email": "oncall@example.com"},
                "warning": {"slack": "#shop-alerts", "email": "shop@example.com"},
                "info": {"slack": "#shop-info", "email": "info@example.com"},
            },
            "teams": {
                "data-team": {"categories": ["database"], "slack": "#shop-data", "email": "data@example.com"},
                "slo-team": {"categories": ["slo"], "slack": "#shop-slo", "email": "slo@example.com"},
            },
        },
        load_balancers={"new": {"load_balancer": {"arn_suffix": "app/new/0000000000000000"}}},
        cloudwatch={"quiet_database_symptoms": True, "insufficient_data_alarms": NO_DATA_TOO},
        external_urls={"runbooks": "https://runbooks.example.com", "grafana": "https://grafana.example.com"},
    )


NO_DATA_TOO = ["plain-cpu-high", "db-connections-high", "db-symptoms", "web-burning-fast", "web-burning-fast-5m"]
