"""Who is mailed: every filter is evaluated against every alarm, in the shape of every kind of alarm message."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.plan.conftest import SMALL, Plan, Root
from tests.plan.filters import passes, values

DATABASE_TEAM = {"database-team@ananta.io"}
INFRASTRUCTURE_TEAM = {"infra-team@ananta.io"}
CONTROL, APP = {"control-plane-team@ananta.io"}, {"app-plane-team@ananta.io"}
MAILED = {
    **{
        f"{database}-{suffix}": DATABASE_TEAM
        for database in ("control-plane-db", "app-plane-components-db", "app-plane-supabase-db")
        for suffix in ("cpu-high", "storage-low", "connections-high")
    },
    **{f"app-plane-redis-{suffix}": INFRASTRUCTURE_TEAM for suffix in ("cpu-high", "memory-high", "evictions-high")},
    **{f"{service}-cpu-high": CONTROL for service in ("tenant-management", "temporal-workers", "orchestrator")},
    **{f"{service}-memory-high": CONTROL for service in ("tenant-management", "temporal-workers", "orchestrator")},
    **{f"{service}-cpu-high": APP for service in ("cns-service", "django-backend")},
    **{f"{service}-memory-high": APP for service in ("cns-service", "django-backend")},
}  # fmt: skip


def messages(alarm: str) -> list[dict[str, Any]]:
    """One alarm's message as CloudWatch writes it for a metric, for metric math and for a composite alarm."""
    head = {"AlarmName": alarm, "AlarmArn": f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{alarm}"}
    return [
        {**head, "NewStateValue": "ALARM", "Trigger": {"MetricName": "CPUUtilization", "Namespace": "AWS/RDS"}},
        {**head, "NewStateValue": "ALARM", "Trigger": {"Metrics": [{"Id": "e1", "Expression": "a/b"}]}},
        {**head, "NewStateValue": "ALARM", "AlarmRule": "ALARM(x)"},
    ]


def subscriptions(plan: Plan) -> dict[str, dict[str, Any]]:
    """Mail subscriptions of the teams by `topic/address`."""
    begin = 'module.topics[0].aws_sns_topic_subscription.email["'
    return {a.removeprefix(begin).removesuffix('"]'): v for a, v in plan.resources.items() if a.startswith(begin)}


def mailed(plan: Plan, alarms: Mapping[str, str]) -> dict[str, set[str]]:
    """Alarm → the addresses whose filter on the alarm's topic lets it pass, the same for each kind of message."""
    result: dict[str, set[str]] = {}
    for name, topic in alarms.items():
        listening = [one for key, one in subscriptions(plan).items() if key.startswith(f"{topic}/")]
        kinds = [{one["endpoint"] for one in listening if passes(one["filter_policy"], m)} for m in messages(name)]
        assert all(kind == kinds[0] for kind in kinds)
        result[name] = kinds[0]
    return result


def test_every_alarm_is_mailed_to_exactly_its_team(ananta: Plan) -> None:
    topics = {name: "infrastructure" if "redis" in name else "warning" for name in MAILED}

    assert mailed(ananta, topics) == MAILED


def test_the_missing_heartbeat_is_mailed_to_oncall_and_its_team(ananta: Plan) -> None:
    assert mailed(ananta, {"ananta-heartbeat-missing": "critical"}) == {
        "ananta-heartbeat-missing": {"oncall@ananta.io", "infra-team@ananta.io"}
    }


def test_a_filter_reads_the_body_and_is_no_longer_than_sns_takes(ananta: Plan) -> None:
    for subscription in subscriptions(ananta).values():
        assert subscription["filter_policy_scope"] == "MessageBody"
        assert values(subscription["filter_policy"]) <= 150
        assert not passes(subscription["filter_policy"], {"AlarmName": "somebody-elses-alarm"})
        assert not passes(subscription["filter_policy"], {"detail": "no alarm at all"})


def many_databases(alarms: dict[str, Any]) -> dict[str, Any]:
    """A catalogue of 80 databases, 240 alarms, with a team for them and an address for the rest."""
    return {
        **SMALL,
        "databases": {f"db-{n}": {"plane": "shop", "identifier": f"db-{n}", "alarms": alarms} for n in range(80)},
        "severities": {
            "critical": {"slack": "#shop-alerts", "email": "oncall@example.com"},
            "warning": {"slack": "#shop-alerts", "email": "shop@example.com"},
        },
        "teams": {"data-team": {"categories": ["database"], "email": "data@example.com"}},
    }


@pytest.fixture(scope="session")
def large(module: Root) -> Plan:
    return module.plan(platform=many_databases({"cpu-high": {"critical_threshold": 95}}))


def test_above_150_alarms_a_filter_names_prefixes_and_still_the_exact_set(large: Plan) -> None:
    filters = {key: one["filter_policy"] for key, one in subscriptions(large).items()}
    names = {name: alarm["topic"] for name, alarm in large.outputs["alarms"].items()}

    assert len(names) == 320
    assert values(filters["warning/data@example.com"]) == 80
    assert "prefix" in filters["warning/data@example.com"]
    expected = {
        name: {"data@example.com", "oncall@example.com"} if topic == "critical" else {"data@example.com"}
        for name, topic in names.items()
    }
    assert mailed(large, names) == expected


def test_a_filter_that_cannot_be_exact_is_refused_at_plan(module: Root) -> None:
    # cpu-high of each database is for somebody else: no prefix is the team's alone, and 160 names are too many.
    told = module.refusal(platform=many_databases({"cpu-high": {"severity": "info"}}))

    assert "warning/data@example.com would need a filter of 160 values, SNS takes 150" in told
