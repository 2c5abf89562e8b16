"""Rules of AWS that no emulator enforces, held on the plan."""

import json
from typing import Any

import pytest

from tests.plan.answers import ACCOUNT
from tests.plan.conftest import VOLUME_KEY, Plan


def statements(policy: str) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(policy)["Statement"]}


def of_service(found: dict[str, dict[str, Any]], service: str) -> dict[str, Any]:
    (one,) = [s for s in found.values() if s["Principal"].get("Service", "").startswith(service)]
    return one


def forwarders(plan: Plan, kind: str) -> dict[str, dict[str, Any]]:
    """The two functions and what is theirs."""
    return {a: one for a, one in plan.of_type(kind).items() if a.startswith("module.forwarder[")}


@pytest.fixture(scope="session")
def key(ananta: Plan) -> dict[str, dict[str, Any]]:
    return statements(ananta.resources["module.topics[0].aws_kms_key.this[0]"]["policy"])


def test_the_key_rotates(ananta: Plan) -> None:
    assert all(one["enable_key_rotation"] for one in ananta.of_type("aws_kms_key").values())


def test_cloudwatch_may_use_the_key_for_this_account_only(key: dict[str, dict[str, Any]]) -> None:
    statement = of_service(key, "cloudwatch")
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}


def test_eventbridge_may_use_the_key_without_a_source_condition(key: dict[str, dict[str, Any]]) -> None:
    assert "Condition" not in of_service(key, "events")


def test_sns_may_fill_the_encrypted_queues(key: dict[str, dict[str, Any]], ananta: Plan) -> None:
    assert set(of_service(key, "sns")["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_the_logs_service_of_this_region_may_use_the_key_for_the_forwarders_logs(
    key: dict[str, dict[str, Any]],
) -> None:
    statement = of_service(key, "logs.eu-central-1.amazonaws.com")
    assert statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"].endswith(
        ":log-group:/aws/lambda/ananta-*"
    )


def principals(plan: Plan) -> dict[str, set[str]]:
    """The AWS principals that each policy of a key, topic, queue, bucket or secret admits, as far as it is known."""
    found: dict[str, set[str]] = {}
    for address, values in plan.resources.items():
        policy = values.get("policy")
        if isinstance(policy, str) and "Statement" in policy and "aws_iam" not in plan.types[address]:
            allowed = [one for one in json.loads(policy)["Statement"] if one["Effect"] == "Allow"]
            named = [one["Principal"].get("AWS", []) for one in allowed]
            found[address] = {name for names in named for name in ([names] if isinstance(names, str) else names)}
    return found


@pytest.mark.parametrize("name", ["ananta", "brought", "tuned"])
def test_no_policy_names_a_principal_that_may_be_gone_or_not_be_there_yet(
    name: str, request: pytest.FixtureRequest
) -> None:
    # A policy keeps a role's id: made anew under its name it would be locked out. Auto Scaling's own role is not in
    # every account. Services with a condition, the account, and the roles' own policies do instead.
    found = principals(request.getfixturevalue(name))
    assert any("aws_kms_key" in address for address in found)
    for address, names in found.items():
        assert names <= {f"arn:aws:iam::{ACCOUNT}:root"}, address


def test_what_a_brought_key_or_topic_needs_names_services_only(ananta: Plan) -> None:
    needed = ananta.outputs["alerting"]["required_statements"]
    for statement in [*needed["kms"], *needed["topic"]]:
        assert set(statement["Principal"]) == {"Service"} or statement["Effect"] == "Deny"


def test_a_disk_under_a_brought_key_is_taken_by_the_hosts_own_role(tuned: Plan, ananta: Plan) -> None:
    (volume,) = tuned.of_type("aws_ebs_volume").values()
    assert volume["kms_key_id"] == VOLUME_KEY
    told = statements_of_role(tuned, "module.host[0].data.aws_iam_policy_document.this")
    assert told["LetEC2UseTheDisksKey"]["actions"] == ["kms:CreateGrant"]
    assert told["LetEC2UseTheDisksKey"]["condition"] == [
        {"test": "Bool", "variable": "kms:GrantIsForAWSResource", "values": ["true"]}
    ]
    assert set(told["UseTheDisksKeyThroughEC2"]["actions"]) == {"kms:Decrypt", "kms:DescribeKey"}
    for sid in ("LetEC2UseTheDisksKey", "UseTheDisksKeyThroughEC2"):
        assert told[sid]["resources"] == [VOLUME_KEY]
    assert "LetEC2UseTheDisksKey" not in statements_of_role(ananta, "module.host[0].data.aws_iam_policy_document.this")


def statements_of_role(plan: Plan, document: str) -> dict[str, dict[str, Any]]:
    """A policy document's statements by sid, also while it waits for an ARN."""
    (change,) = [c for c in plan.raw["resource_changes"] if c["address"].removeprefix("module.alerting.") == document]
    return {one["sid"]: one for one in change["change"]["after"]["statement"]}


def test_the_topic_statements_admit_alarms_events_and_tls_only(ananta: Plan) -> None:
    told = {s["Sid"]: s for s in ananta.outputs["alerting"]["required_statements"]["topic"]}
    assert set(told) == {"AlarmsOfTheseAccountsMayPublish", "EventRulesMayPublish", "NobodyPublishesWithoutTLS"}
    assert told["AlarmsOfTheseAccountsMayPublish"]["Condition"] == {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}
    assert "Condition" not in told["EventRulesMayPublish"]


def test_the_fallback_topic_hangs_on_no_key_and_no_forwarder(ananta: Plan) -> None:
    assert ananta.resources["module.topics[0].aws_sns_topic.fallback"]["kms_master_key_id"] is None
    subscribed = [v for a, v in ananta.of_type("aws_sns_topic_subscription").items() if "fallback" in a]
    assert [(one["protocol"], one["endpoint"], one["filter_policy"]) for one in subscribed] == [
        ("email", "oncall@ananta.io", None)
    ]


def test_topics_and_queues_have_the_promised_names(ananta: Plan) -> None:
    assert {one["name"] for one in ananta.of_type("aws_sns_topic").values()} == {
        *("ananta-critical-alerts-topic", "ananta-warning-alerts-topic", "ananta-slo-violations-topic"),
        *("ananta-infrastructure-alerts-topic", "ananta-fallback-topic"),
    }
    assert {one["name"] for one in ananta.of_type("aws_sqs_queue").values()} == {
        "ananta-pagerduty-forwarder-undelivered",
        "ananta-slack-forwarder-undelivered",
    }


def test_the_forwarders_are_what_was_promised(ananta: Plan) -> None:
    functions = {one["function_name"]: one for one in forwarders(ananta, "aws_lambda_function").values()}
    assert set(functions) == {"ananta-pagerduty-forwarder", "ananta-slack-forwarder"}
    for name, function in functions.items():
        assert (function["runtime"], function["timeout"], function["memory_size"]) == ("python3.11", 30, 128)
        assert function["handler"] == name.removeprefix("ananta-").replace("-", "_") + ".lambda_handler"
    logs = forwarders(ananta, "aws_cloudwatch_log_group").values()
    groups = {one["name"]: one["retention_in_days"] for one in logs}
    assert groups == {f"/aws/lambda/{name}": 90 for name in functions}
    for retry in forwarders(ananta, "aws_lambda_function_event_invoke_config").values():
        assert (retry["maximum_retry_attempts"], retry["maximum_event_age_in_seconds"]) == (2, 3600)


def test_each_forwarder_hears_every_topic_and_puts_aside_what_it_cannot_take(ananta: Plan) -> None:
    lambdas = {a: v for a, v in ananta.of_type("aws_sns_topic_subscription").items() if v["protocol"] == "lambda"}
    assert len(lambdas) == 8
    assert len(forwarders(ananta, "aws_lambda_permission")) == 8
    changes = {c["address"].removeprefix("module.alerting."): c["change"] for c in ananta.raw["resource_changes"]}
    assert all(changes[address]["after_unknown"].get("redrive_policy") for address in lambdas)


def test_the_routing_table_reaches_the_functions_with_names_of_secrets_only(ananta: Plan) -> None:
    environment = {
        address.split('"')[1]: json.loads(one["environment"][0]["variables"]["ROUTING"])
        for address, one in forwarders(ananta, "aws_lambda_function").items()
    }
    assert environment["pagerduty-forwarder"][0] == {"pd": "ananta/pagerduty-key", "s": ["critical"], "t": "critical"}
    assert {
        "c": ["database"],
        "ch": "#database-alerts",
        "sl": "ananta/slack-database-webhook",
        "t": "database-team",
    } in environment["slack-forwarder"]
    for function in forwarders(ananta, "aws_lambda_function").values():
        variables = function["environment"][0]["variables"]
        assert sum(len(key) + len(value) for key, value in variables.items()) <= 4096
        assert json.loads(variables["TOPIC_SEVERITIES"]) == {
            "ananta-critical-alerts-topic": "critical",
            "ananta-warning-alerts-topic": "warning",
            "ananta-slo-violations-topic": "",
            "ananta-infrastructure-alerts-topic": "",
        }
        assert json.loads(variables["RESOURCES"])["control-plane-db"] == ["database", "control", "control-plane-db"]


def test_secrets_are_made_empty_under_the_promised_names(ananta: Plan) -> None:
    assert {one["name"] for one in ananta.of_type("aws_secretsmanager_secret").values()} == {
        f"ananta/{name}"
        for name in (
            *("pagerduty-key", "slack-critical-webhook", "slack-warnings-webhook", "slack-slo-webhook"),
            *("slack-database-webhook", "slack-control-plane-webhook", "slack-app-plane-webhook"),
            *("slack-infrastructure-webhook", "smtp-password"),
        )
    }
    assert not ananta.of_type("aws_secretsmanager_secret_version")
    assert all(one["recovery_window_in_days"] == 30 for one in ananta.of_type("aws_secretsmanager_secret").values())


def test_the_release_lies_private_versioned_and_under_one_key(ananta: Plan) -> None:
    (bucket,) = ananta.of_type("aws_s3_bucket").values()
    (versioning,) = ananta.of_type("aws_s3_bucket_versioning").values()
    (block,) = ananta.of_type("aws_s3_bucket_public_access_block").values()
    (release,) = ananta.of_type("aws_s3_object").values()
    assert bucket["bucket"] == f"ananta-alerting-{ACCOUNT}-eu-central-1"
    assert bucket["force_destroy"] is False
    assert versioning["versioning_configuration"][0]["status"] == "Enabled"
    assert all(block[flag] for flag in block if flag.startswith(("block_", "ignore_", "restrict_")))
    assert release["key"] == "config-release.json"
    assert {"host/agent.py", "host/heartbeat.py", "compose.yml"} <= set(json.loads(release["content"])["files"])


def test_the_host_is_one_with_tokens_and_encrypted_disks(ananta: Plan) -> None:
    (group,) = ananta.of_type("aws_autoscaling_group").values()
    (template,) = ananta.of_type("aws_launch_template").values()
    (volume,) = ananta.of_type("aws_ebs_volume").values()
    assert (group["min_size"], group["max_size"], group["desired_capacity"]) == (1, 1, 1)
    assert template["metadata_options"][0]["http_tokens"] == "required"
    assert template["metadata_options"][0]["http_put_response_hop_limit"] == 1
    assert template["block_device_mappings"][0]["ebs"][0]["encrypted"] == "true"
    assert (volume["encrypted"], volume["type"], volume["final_snapshot"]) == (True, "gp3", True)


def test_the_host_lets_in_named_groups_and_lets_out_listed_ports(ananta: Plan) -> None:
    rules = ananta.of_type("aws_vpc_security_group_ingress_rule").values()
    assert {(one["from_port"], one["cidr_ipv4"]) for one in rules} == {(9090, None), (9093, None), (3000, None)}
    out = {
        one["from_port"]
        for a, one in ananta.of_type("aws_vpc_security_group_egress_rule").items()
        if "targets" not in a
    }
    assert out == {443, 587}
    targets = {
        one["from_port"] for a, one in ananta.of_type("aws_vpc_security_group_egress_rule").items() if "targets" in a
    }
    assert {14000, 27200, 7233, 5432, 6379, 9121, 15692, 5672, 9000} <= targets


def test_iam_and_bucket_names_carry_the_region(ananta: Plan) -> None:
    names = [
        one["name"] for kind in ("aws_iam_role", "aws_iam_instance_profile") for one in ananta.of_type(kind).values()
    ]
    assert names
    assert all(name.endswith("-eu-central-1") for name in names)


def test_everything_that_takes_tags_has_the_callers(ananta: Plan) -> None:
    bare = [
        address
        for address, values in ananta.resources.items()
        if address.startswith("module.") and "tags" in values and (values["tags"] or {}).get("platform") != "ananta"
    ]
    assert bare == ["module.release[0].aws_s3_object.release"]  # an object takes ten tags, its bucket carries them


def test_what_is_brought_is_never_changed(brought: Plan) -> None:
    assert not [a for a in brought.resources if a.startswith("module.topics[0].aws_kms")]
    made = {one["name"] for a, one in brought.of_type("aws_sns_topic").items() if a.startswith("module.")}
    assert made == {"harbour-slo-violations-topic", "harbour-infrastructure-alerts-topic", "harbour-fallback-topic"}
    policies = [a for a in brought.of_type("aws_sns_topic_policy") if a.startswith("module.")]
    assert sorted(policies) == [
        'module.topics[0].aws_sns_topic_policy.alerts["infrastructure"]',
        'module.topics[0].aws_sns_topic_policy.alerts["slo"]',
        "module.topics[0].aws_sns_topic_policy.fallback",
    ]


def test_what_a_brought_key_needs_is_known_at_plan(brought: Plan) -> None:
    policy = brought.resources["aws_kms_key.platform"]["policy"]
    assert {s["Principal"].get("Service") for s in json.loads(policy)["Statement"]} == {
        *(None, "cloudwatch.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"),
        "logs.eu-central-1.amazonaws.com",
    }


def test_a_critical_tier_stands_beside_its_warning(brought: Plan) -> None:
    assert {"planner-db-cpu-high", "planner-db-cpu-high-critical", "sessions-002-memory-high"} <= set(brought.alarms())
