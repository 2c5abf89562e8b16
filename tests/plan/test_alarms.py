"""The alarms of the reference deployment: exactly the table of the catalogue, each with its topic and its words."""

import pytest

from tests.plan.conftest import NO_DATA_TOO, Plan

GB = 1024**3
RDS = ("control-plane-db", "app-plane-components-db", "app-plane-supabase-db")
ECS = ("tenant-management", "temporal-workers", "orchestrator", "cns-service", "django-backend")

# suffix → metric, comparison, threshold, statistic, seconds of a period, periods, category, topic
DATABASE = {
    "cpu-high": ("CPUUtilization", "GreaterThanThreshold", 80, "Average", 60, 10, "database", "warning"),
    "storage-low": ("FreeStorageSpace", "LessThanThreshold", 10 * GB, "Minimum", 300, 1, "database", "warning"),
    "connections-high": ("DatabaseConnections", "GreaterThanThreshold", 80, "Average", 60, 10, "database", "warning"),
}
CACHE = {
    "cpu-high": ("CPUUtilization", "GreaterThanThreshold", 75, "Average", 60, 10, "infrastructure", "infrastructure"),
    "memory-high": (
        *("DatabaseMemoryUsagePercentage", "GreaterThanThreshold", 85, "Average", 60, 10),
        *("infrastructure", "infrastructure"),
    ),
    "evictions-high": ("Evictions", "GreaterThanThreshold", 100, "Sum", 300, 1, "infrastructure", "infrastructure"),
}
SERVICE = {
    "cpu-high": ("CPUUtilization", "GreaterThanThreshold", 80, "Average", 60, 10, "service", "warning"),
    "memory-high": ("MemoryUtilization", "GreaterThanThreshold", 85, "Average", 60, 10, "service", "warning"),
}
EXPECTED = {
    **{f"{name}-{suffix}": row for name in RDS for suffix, row in DATABASE.items()},
    **{f"app-plane-redis-{suffix}": row for suffix, row in CACHE.items()},
    **{f"{name}-{suffix}": row for name in ECS for suffix, row in SERVICE.items()},
}


LEGS = (
    "pagerduty-forwarder",
    "slack-forwarder",
    *(f"{key}-topic" for key in ("critical", "warning", "slo", "infrastructure")),
)
CANARY_MISSING = {f"ananta-{leg}-canary-missing" for leg in LEGS}


def test_the_reference_set_is_22_alarms_exactly(ananta: Plan) -> None:
    told = ananta.outputs["alerting"]["alarms"]
    found = {
        name: (
            *(alarm["metric_name"], alarm["comparison_operator"], alarm["threshold"], alarm["statistic"]),
            *(alarm["period"], alarm["evaluation_periods"]),
        )
        for name, alarm in ananta.alarms().items()
    }

    assert len(found) == 22
    assert found == {name: row[:6] for name, row in EXPECTED.items()}
    assert {n: (a["category"], a["topic"]) for n, a in told.items()} == {n: row[6:] for n, row in EXPECTED.items()}


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [
        ("control-plane-db-cpu-high", {"DBInstanceIdentifier": "control-plane-db"}),
        ("app-plane-redis-memory-high", {"CacheClusterId": "app-plane-redis"}),
        ("cns-service-cpu-high", {"ClusterName": "ananta", "ServiceName": "cns-service"}),
    ],
)
def test_an_alarm_looks_at_its_own_resource(ananta: Plan, name: str, dimensions: dict[str, str]) -> None:
    assert ananta.alarms()[name]["dimensions"] == dimensions


def test_every_period_must_breach_and_no_data_has_its_reason(ananta: Plan) -> None:
    for alarm in ananta.alarms().values():
        assert alarm["datapoints_to_alarm"] == alarm["evaluation_periods"]
        assert alarm["treat_missing_data"] == "missing"
        assert "No data" in alarm["alarm_description"].splitlines()[0]


def test_the_description_ends_with_what_the_forwarders_read(ananta: Plan) -> None:
    description = ananta.alarms()["control-plane-db-cpu-high"]["alarm_description"]

    first, labels, runbook, dashboard = description.splitlines()
    assert first.startswith("CPUUtilization of control-plane-db above 80 % for 10 minutes.")
    assert labels == "Labels: severity=warning, category=database, plane=control, service=control-plane-db"
    assert runbook == "Runbook: https://docs.ananta.io/runbooks/database-cpu-high"
    assert dashboard.startswith("Dashboard: https://grafana.ananta.io/d/")
    assert all(len(alarm["alarm_description"]) <= 1024 for alarm in ananta.alarms().values())


def test_only_the_silence_of_heartbeat_canary_and_path_watch_is_a_fault_by_itself(ananta: Plan) -> None:
    breaching = {
        alarm["alarm_name"]
        for alarm in ananta.of_type("aws_cloudwatch_metric_alarm").values()
        if alarm["treat_missing_data"] == "breaching"
    }
    assert breaching == {"ananta-heartbeat-missing", "ananta-path-watch-silent", *CANARY_MISSING}


def test_the_watchers_of_the_path_are_all_there(ananta: Plan) -> None:
    names = {a["alarm_name"] for a in ananta.of_type("aws_cloudwatch_metric_alarm").values()} - set(EXPECTED)
    topics = ("critical-alerts", "warning-alerts", "slo-violations", "infrastructure-alerts")
    forwarders = ("pagerduty-forwarder", "slack-forwarder")
    assert names == {
        "ananta-heartbeat-missing",
        *(f"ananta-{one}-{what}" for one in forwarders for what in ("errors", "throttles", "undelivered", "lost")),
        *(f"ananta-{topic}-topic-{what}" for topic in topics for what in ("undelivered", "unreadable")),
        *("ananta-canary", "ananta-path-watch-errors", "ananta-path-watch-silent", *CANARY_MISSING),
    }


P = "a-name-of-21-letters--"


def test_a_database_may_differ_from_the_rest(tuned: Plan) -> None:
    alarms = tuned.alarms()
    labels = tuned.outputs["alarms"]

    assert alarms[f"{P}db-cpu-high"]["threshold"] == 70
    assert alarms[f"{P}db-cpu-high-critical"]["threshold"] == 95
    assert (labels[f"{P}db-cpu-high-critical"]["severity"], labels[f"{P}db-cpu-high-critical"]["topic"]) == (
        "critical",
        "critical",
    )
    assert f"{P}db-connections-high" not in alarms
    assert alarms[f"{P}db-storage-low"]["threshold"] == 2.5 * GB
    assert labels[f"{P}db-storage-low"]["topic"] == "critical"


def test_an_alarm_that_aws_recommends_may_differ_as_any_other(tuned: Plan) -> None:
    alarms = tuned.alarms()
    labels = tuned.outputs["alarms"]

    assert alarms[f"{P}db-memory-low"]["threshold"] == GB
    assert alarms[f"{P}db-memory-low-critical"]["threshold"] == GB / 8
    assert labels[f"{P}db-memory-low-critical"]["severity"] == "critical"
    assert (labels[f"{P}db-replica-lag-high"]["severity"], labels[f"{P}db-replica-lag-high"]["topic"]) == (
        "critical",
        "critical",
    )
    assert f"{P}db-write-latency-high" not in alarms
    assert f"{P}redis-engine-cpu-high" not in alarms


def test_naming_an_alarm_that_aws_recommends_makes_it_for_that_resource_alone(watched: Plan) -> None:
    recommended = {
        name for name in watched.alarms() if name.endswith(("memory-low", "replica-lag-high", "latency-high"))
    }
    assert recommended == {"db-memory-low", "db-replica-lag-high", "db-read-latency-high"}


def test_every_kind_of_alarm_says_what_no_data_means_and_keeps_the_limits(watched: Plan) -> None:
    everything = {**watched.alarms(), **watched.alarms("composite")}
    assert set(everything) == set(watched.outputs["alarms"])
    for name, alarm in everything.items():
        first, labels, runbook, dashboard = alarm["alarm_description"].splitlines()
        told = watched.outputs["alarms"][name]
        assert "No data" in first, name
        assert len(alarm["alarm_description"]) <= 1024
        assert len(name) <= 255
        assert labels == (
            f"Labels: severity={told['severity']}, category={told['category']}, plane=shop, service={told['service']}"
        )
        assert runbook.startswith("Runbook: https://runbooks.example.com/")
        assert dashboard.startswith("Dashboard: https://grafana.example.com/d/")
        # Silence is a fault of none of these; composite alarms have no data of their own.
        assert alarm.get("treat_missing_data", "missing") in ("missing", "notBreaching")


def test_no_data_is_told_by_the_named_alarms_of_every_kind_and_by_no_other(watched: Plan) -> None:
    telling = {name for name in watched.outputs["alarms"] if watched.actions(name)["INSUFFICIENT_DATA"]}
    assert telling == set(NO_DATA_TOO)
    assert watched.actions("web-burning-fast-5m") == {"ALARM": False, "OK": False, "INSUFFICIENT_DATA": True}


def test_a_cache_is_watched_by_its_members(tuned: Plan) -> None:
    found = {name: a for name, a in tuned.alarms().items() if a["namespace"] == "AWS/ElastiCache"}
    members = {
        *("redis", "sessions-001", "sessions-002"),
        *("catalogue-0001-001", "catalogue-0001-002", "catalogue-0002-001"),
    }
    suffixes = ("cpu-high", "memory-high", "evictions-high", "connections-high", "replication-lag-high")
    # Each alarm is called after the member that it looks at, and looks at nothing else: a group publishes no metrics.
    assert {name: alarm["dimensions"] for name, alarm in found.items()} == {
        **{f"{P}{member}-{suffix}": {"CacheClusterId": member} for member in members for suffix in suffixes},
        **{f"{P}{member}-engine-cpu-high": {"CacheClusterId": member} for member in members - {"redis"}},
    }


def test_an_aurora_cluster_has_alarms_of_its_own_kind(tuned: Plan) -> None:
    alarms = tuned.alarms()
    assert alarms[f"{P}aurora-cpu-high"]["dimensions"] == {"DBClusterIdentifier": "aurora-1"}
    assert f"{P}aurora-storage-low" not in alarms


def test_the_recommended_alarms_are_a_switch(tuned: Plan, ananta: Plan) -> None:
    assert {"memory-low", "replica-lag-high", "transaction-ids-high", "read-latency-high"} <= {
        name.removeprefix(f"{P}db-") for name in tuned.alarms()
    }
    assert f"{P}sessions-001-engine-cpu-high" in tuned.alarms()
    assert not any(name.endswith("memory-low") for name in ananta.alarms())


def test_a_second_deployment_gets_a_prefix_of_its_own(tuned: Plan, ananta: Plan) -> None:
    assert all(name.startswith(P) for name in tuned.alarms())
    assert "control-plane-db-cpu-high" in ananta.alarms()
