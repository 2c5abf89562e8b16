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


def messages(alarm: str, description: str = "") -> list[dict[str, Any]]:
    """One alarm's message as CloudWatch writes it for a metric, for metric math and for a composite alarm."""
    arn = f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{alarm}"
    head = {"AlarmName": alarm, "AlarmArn": arn, "AlarmDescription": description, "NewStateValue": "ALARM"}
    return [
        {**head, "Trigger": {"MetricName": "CPUUtilization", "Namespace": "AWS/RDS"}},
        {**head, "Trigger": {"Metrics": [{"Id": "e1", "Expression": "a/b"}]}},
        {**head, "AlarmRule": "ALARM(x)"},
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


def every_told(plan: Plan) -> set[str]:
    """Every alarm of a resource that tells somebody by one of the four topics."""
    return {name for name, alarm in plan.outputs["alarms"].items() if alarm["told"]}


DATA, SLO, SHOP, ONCALL, INFO = ({f"{name}@example.com"} for name in ("data", "slo", "shop", "oncall", "info"))
WATCHED = {
    **{f"{database}-cpu-high": DATA for database in ("plain", "db", "paging", "calm")},
    **{f"{database}-storage-low": DATA for database in ("plain", "db", "paging", "causeless", "calm")},
    "db-cpu-high-critical": DATA | ONCALL,
    "db-memory-low": DATA,
    "db-read-latency-high": INFO,
    "paging-connections-high": DATA | ONCALL,
    "causeless-connections-high": DATA,
    # Over the symptoms stands a composite alarm; one of them still tells when it has no data.
    "plain-symptoms": DATA,
    "db-symptoms": DATA,
    "db-symptoms-critical": DATA | ONCALL,
    "db-connections-high": DATA,
    # Metric math, and the composites over it.
    "web-burning-fast": SLO | ONCALL,
    "web-burning-fast-5m": SLO | ONCALL,
    **{f"{name}-burning-slow": SLO for name in ("web", "api", "new")},
    **{f"{name}-burning-fast": SLO for name in ("api", "new")},
    **{f"redis-{suffix}": SHOP for suffix in ("cpu-high", "memory-high", "evictions-high")},
    **{f"web-{suffix}": SHOP for suffix in ("cpu-high", "memory-high")},
}


def test_composite_and_metric_math_alarms_are_mailed_to_exactly_their_team(watched: Plan) -> None:
    topics = {name: alarm["topic"] for name, alarm in watched.outputs["alarms"].items()}
    told = every_told(watched)

    assert told == set(WATCHED)
    assert mailed(watched, {name: topics[name] for name in told}) == WATCHED
    assert {name: set(watched.outputs["alarms"][name]["emails"]) for name in told} == WATCHED


def test_a_filter_names_no_alarm_that_tells_nobody_and_none_of_another_topic(watched: Plan) -> None:
    everything = watched.outputs["alarms"]
    for key, subscription in subscriptions(watched).items():
        topic, address = key.split("/")
        passing = {
            name
            for name in everything
            if any(passes(subscription["filter_policy"], message) for message in messages(name))
        }
        assert passing == {n for n, to in WATCHED.items() if address in to and everything[n]["topic"] == topic}, key
    silent = set(everything) - set(WATCHED)
    assert {"plain-connections-high", "db-causes", "web-burning-slow-3d"} <= silent
    assert all(everything[name]["emails"] == [] for name in silent)


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
