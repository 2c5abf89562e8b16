"""The module's switches, and what it says of mistakes."""

import json
from typing import Any

import pytest
import yaml

from tests.harness import paths, process
from tests.plan.conftest import SMALL, SUBNET, Plan, Root

LIMITS = {
    "aws_iam_role": ("name", 64),
    "aws_lambda_function": ("function_name", 64),
    "aws_s3_bucket": ("bucket", 63),
    "aws_sqs_queue": ("name", 80),
    "aws_sns_topic": ("name", 256),
}
LONGEST_REGION = 14


def test_the_longest_name_fits_everywhere(tuned: Plan) -> None:
    spare = LONGEST_REGION - len("eu-central-1")
    for kind, (key, limit) in LIMITS.items():
        for address, values in tuned.of_type(kind).items():
            assert len(values[key]) + spare <= limit, address


def test_switches_reach_what_they_switch(tuned: Plan) -> None:
    forwarders = {a: f for a, f in tuned.of_type("aws_lambda_function").items() if a.startswith("module.forwarder[")}
    assert len(forwarders) == 2
    for function in forwarders.values():
        assert function["runtime"] == "python3.13"
        assert function["timeout"] == 60
        assert function["reserved_concurrent_executions"] == 4
        assert function["tracing_config"] == [{"mode": "Active"}]
        assert function["environment"][0]["variables"]["PAGERDUTY_EVENTS_URL"].startswith(
            "https://events.eu.pagerduty.com/"
        )
    assert {one["retention_in_days"] for one in tuned.of_type("aws_cloudwatch_log_group").values()} == {30}
    roles = tuned.of_type("aws_iam_role").values()
    assert len(roles) == 4
    assert {one["permissions_boundary"] for one in roles} == {"arn:aws:iam::123456789012:policy/boundary"}
    assert all(one["tags"]["owner"] == "shop" for one in roles)


def test_events_of_aws_are_switches(tuned: Plan, ananta: Plan) -> None:
    rules = {
        one["name"].removeprefix("a-name-of-21-letters--"): one
        for one in tuned.of_type("aws_cloudwatch_event_rule").values()
    }
    assert set(rules) == {"rds-events", "ecs-events", "health-events", "guardduty-events", "path-watch"}
    assert json.loads(rules["guardduty-events"]["event_pattern"])["source"] == ["aws.guardduty"]
    assert len(tuned.of_type("aws_cloudwatch_event_target")) == 5
    assert [one["name"] for one in ananta.of_type("aws_cloudwatch_event_rule").values()] == ["ananta-path-watch"]


def test_without_the_cloudwatch_path_there_is_only_the_host(module: Root) -> None:
    plan = module.plan(platform=SMALL, cloudwatch=None, host={"subnet": SUBNET, "ami_id": "ami-1"})

    kinds = set(plan.types.values())
    assert "aws_autoscaling_group" in kinds
    assert "aws_secretsmanager_secret" in kinds
    assert not kinds & {
        "aws_sns_topic",
        "aws_lambda_function",
        "aws_cloudwatch_metric_alarm",
        "aws_kms_key",
        "aws_sqs_queue",
    }


def test_without_a_host_there_is_only_the_cloudwatch_path(module: Root) -> None:
    plan = module.plan(platform=SMALL, host=None, monitoring={"heartbeat_url": "https://switch.example.com/shop"})

    kinds = set(plan.types.values())
    assert "aws_lambda_function" in kinds
    assert not kinds & {"aws_autoscaling_group", "aws_s3_bucket", "aws_ebs_volume", "aws_security_group"}
    assert plan.outputs["host"] is None
    (webhook,) = heartbeat(plan.outputs["routes"])["webhook_configs"]
    assert webhook["url"] == "https://switch.example.com/shop"


def heartbeat(routes: dict[str, str]) -> dict[str, Any]:
    """The receiver that takes the Watchdog, of the output `routes`."""
    config = yaml.safe_load(routes["alertmanager-production.yml"])
    first = config["route"]["routes"][0]
    assert first["matchers"] == ['alertname="Watchdog"']
    (receiver,) = [one for one in config["receivers"] if one["name"] == first["receiver"]]
    return dict(receiver)


def test_without_both_no_resource_and_no_question_to_aws_is_needed(module: Root) -> None:
    plan = module.plan(platform=SMALL, cloudwatch=None, host=None)

    assert plan.resources == {}
    assert plan.reads == []
    assert {"slos.yml", "critical.yml", "shop-platform.yml"} <= set(plan.outputs["rules"])
    # For an Alertmanager of one's own: nothing of the host's is asked for, and the Watchdog still reaches nobody.
    assert heartbeat(plan.outputs["routes"]) == {"name": "heartbeat"}
    assert "127.0.0.1" not in plan.outputs["routes"]["alertmanager-production.yml"]
    assert plan.outputs["config_release"]["bucket"] is None


def test_every_bad_variable_is_named_with_its_value_and_its_remedy(module: Root) -> None:
    told = module.refusal(
        platform=SMALL,
        name="Shop_1",
        alarm_prefix="a b",
        external_urls={"grafana": "grafana.example.com/"},
        smtp={"host": "smtp://mail", "from": "nobody", "port": 70000},
        pagerduty_region="asia",
        pagerduty_events_url="events",
        cloudwatch={
            "fallback": {"emails": ["oncall"], "https_urls": ["http://x"], "sms_numbers": ["123"]},
            "publisher_account_ids": ["12"],
            "path_watch": {"interval_minutes": 90, "remind_after_hours": 0.5},
        },
        forwarders={
            "vpc": {"subnet_ids": ["subnet-1"]},
            "log_retention_days": 31,
            "runtime": "nodejs20.x",
            "timeout_seconds": 2,
            "retries": 3,
            "give_up_after_seconds": 59,
            "secret_ttl_seconds": -1,
            "reserved_concurrency": 2,
            "secrets_extension": {"layer_arn": "AWS-Parameters-and-Secrets-Lambda-Extension"},
        },
        secrets={"recovery_window_days": 3},
        host={"subnet": SUBNET, "architecture": "sparc", "heartbeat_missing_minutes": 1},
        monitoring={"ports": {"prometheus": 9093}, "heartbeat_url": "switch"},
    )  # fmt: skip

    for expected in (
        'name is "Shop_1": use at most 21 lower-case letters',
        'alarm_prefix is "a b": use',
        'external_urls.grafana is "grafana.example.com/": write a URL without a slash at its end',
        'smtp.from is "nobody": write the sender',
        'smtp.host is "smtp://mail": write the host',
        "smtp.port is 70000: a port lies between 1 and 65535",
        'pagerduty_region is "asia": use "us" or "eu"',
        'pagerduty_events_url is "events": write a URL',
        'cloudwatch.fallback.emails has "oncall": an address is name@domain',
        'cloudwatch.fallback.https_urls is ["http://x"]: every one begins with https://',
        'cloudwatch.fallback.sms_numbers is ["123"]: a number begins with +',
        'cloudwatch.publisher_account_ids is ["12"]: an account has 12 digits',
        "cloudwatch.path_watch.interval_minutes is 90: use whole minutes from 1 to 60, 5 for example",
        "cloudwatch.path_watch.remind_after_hours is 0.5: use 1 or more, 6 for example",
        "forwarders.vpc has no security_group_ids: give both",
        "forwarders.reserved_concurrency is 2: use 4 or more",
        "forwarders.log_retention_days is 31: CloudWatch Logs knows",
        "forwarders.timeout_seconds is 2: use 3 to 900",
        "forwarders.retries is 3: Lambda tries 0, 1 or 2 times again",
        "forwarders.give_up_after_seconds is 59: Lambda takes 60 to 21600",
        "forwarders.secret_ttl_seconds is -1: use whole seconds",
        'forwarders.secrets_extension.layer_arn is "AWS-Parameters-and-Secrets-Lambda-Extension": write the layer',
        'forwarders.runtime is "nodejs20.x": use "python3.11" or later',
        "secrets.recovery_window_days is 3: Secrets Manager takes 7 to 30 days",
        'host.architecture is "sparc": use "x86_64" or "arm64"',
        "host.heartbeat_missing_minutes is 1: use 5 to 1440",
        'monitoring.heartbeat_url is "switch": write a URL',
        "two programs cannot share a port of the host",
    ):
        assert expected in told


LONG = "d" * 250


def test_what_this_deployment_cannot_hold_is_refused(module: Root) -> None:
    alarms: dict[str, dict[str, Any]] = {
        "d": {"cpu-high": {"critical_threshold": 50}, "memory-low": {"threshold": 0}},
        "always": {"cpu-high": {"threshold": 0}, "connections-high": {"threshold": -1}},
        "never": {"io-balance-low": {"threshold": 100}},
        LONG: {},
    }
    databases: dict[str, Any] = {
        name: {"plane": "shop", "identifier": "d", "alarms": chosen} for name, chosen in alarms.items()
    }
    databases["aurora"] = {
        "plane": "shop",
        "identifier": "aurora",
        "kind": "cluster",
        "alarms": {"storage-low": {"threshold": 5}},
    }
    balancers = {"web": {"plane": "shop", "objective": 99.9}}
    platform = {
        **SMALL,
        "name": "a-platform-with-a-long-name",
        "databases": databases,
        "load_balancers": balancers,
    }

    told = module.refusal(
        platform=platform,
        monitoring={"retention_days": 20},
        load_balancers={"wbe": {"load_balancer": {"arn_suffix": "app/web/50dc6c495c0c9188"}}},
        cloudwatch={"insufficient_data_alarms": ["shop-db-cpu"]},
        alarm_prefix="",
    )

    for expected in (
        "set the variable name to a shorter one",
        "databases.d.alarms.cpu-high.critical_threshold is 50, the warning's is 80: the critical one must lie above it",
        "databases.d.alarms.memory-low.threshold is 0 GB: nothing is less than 0, so it would ring never",
        "databases.always.alarms.cpu-high.threshold is 0 %: a share lies between 0 and 100",
        "databases.always.alarms.connections-high.threshold is -1 connections: nothing is less than 0, so it would ring"
        " always",
        "databases.never.alarms.io-balance-low.threshold is 100 %: a share lies between 0 and 100",
        "databases.aurora.alarms.storage-low is for instance, and this is kind cluster: leave it out",
        f"the alarm {LONG}-cpu-high has a name of 259 characters, CloudWatch takes 255",
        "load_balancers.web.load_balancer is missing: give the end of its ARN there, or bring it by the variable",
        'the variable load_balancers has "wbe", which is not in the catalogue\'s load_balancers: use one of web',
        'cloudwatch.insufficient_data_alarms names "shop-db-cpu", which is no alarm of a resource',
        "monitoring.retention_days is 20: the longest SLO window is 30 days",
    ):
        assert expected in told


@pytest.mark.parametrize(
    "pattern", ["ananta", r"arn:aws:", r"\b(us|eu|ap|ca|sa|me|af|il)-(north|south|east|west|central)[a-z]*-[0-9]\b"]
)
def test_the_module_names_no_platform_no_partition_and_no_region(pattern: str) -> None:
    where = ["modules", "monitoring_configs", "*.tf", ":!examples", ":!tests"]
    command = ["git", "grep", "-n", "-i", "-P", pattern, "--", *where]
    done = process.run(command, timeout_s=30, cwd=paths.ROOT)
    assert done.stdout == ""
    assert done.returncode == 1, done.stderr
