"""Each mistake in a catalogue is an error before anything is made: it names the path, the value and the remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness.errors import HarnessError
from tests.harness.render import render
from tests.platform.conftest import ANANTA, Change

Told = Callable[[Change], str]


def put(path: str, value: Any) -> Change:
    """A change that sets the value at a dotted path; a number steps into a list."""

    def change(platform: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = platform
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        place[int(last) if isinstance(place, list) else last] = value

    return change


def rename(path: str, name: str) -> Change:
    """A change that misspells a key."""

    def change(platform: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = platform
        for key in parents:
            place = place[key]
        place[name] = place.pop(last)

    return change


def drop(path: str) -> Change:
    """A change that leaves a key out."""

    def change(platform: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = platform
        for key in parents:
            place = place[key]
        del place[last]

    return change


WINDOW = {"timezone": "Europe/Berlin", "planes": ["app"], "days": ["sun"], "start": "02:30", "duration": "90m"}
ONCE = {"from": "2026-03-08T01:00", "until": "2026-03-08T04:00"}

CASES: dict[str, tuple[Change, str]] = {
    "service in an unknown plane": (
        put("services.cns-service.plane", "aap"),
        'services.cns-service.plane is "aap", which is not in planes: use one of app, control, or add it there',
    ),
    "objective of 100 %": (
        put("slos.control_plane.objective", 100),
        "slos.control_plane.objective is 100: an objective lies above 0 and below 100, 99.9 for example",
    ),
    "objective of 0": (put("slos.redis.objective", 0), "slos.redis.objective is 0: an objective lies above 0"),
    "objective in quotes": (put("slos.redis.objective", "99.9"), 'slos.redis.objective is "99.9": write a number'),
    "window without factors": (
        put("slos.redis.window", "7d"),
        'slos.redis.window is "7d": the burn rate factors are derived for 28 and 30 days',
    ),
    "duplicate job": (
        put("services.orchestrator.metrics.job", "app-plane-cns-service"),
        'services.cns-service.metrics.job is "app-plane-cns-service", as is '
        "services.orchestrator.metrics.job: a job is scraped under a name of its own",
    ),
    "database without identifier": (
        drop("databases.control-plane-db.identifier"),
        "databases.control-plane-db.identifier is missing: DBInstanceIdentifier",
    ),
    "channel without #": (
        put("teams.slo-team.slack", "slo-alerts"),
        'teams.slo-team.slack is "slo-alerts": a Slack channel begins with #',
    ),
    "address that is none": (
        put("teams.slo-team.email", "slo-team"),
        'teams.slo-team.email is "slo-team": an address is name@domain',
    ),
    "misspelt objective": (
        rename("slos.redis.objective", "objectve"),
        "slos.redis.objectve is not a key of the catalogue: use one of alerts, latency",
    ),
    "misspelt severity": (
        rename("services.redis.alerts.RedisMemoryHigh.severity", "severty"),
        "services.redis.alerts.RedisMemoryHigh.severty is not a key of the catalogue",
    ),
    "misspelt section": (
        rename("services", "servces"),
        "servces is not a key of the catalogue: use one of caches, databases",
    ),
    "misspelt key of a probe": (
        rename("services.temporal.probes", "probe"),
        "services.temporal.probe is not a key of the catalogue",
    ),
    "misspelt key in a list": (
        put("services.temporal.probes.0", {"tcp": "temporal:7233", "adress": "x"}),
        "services.temporal.probes[0].adress is not a key of the catalogue",
    ),
    "misspelt alarm": (
        put("databases.control-plane-db.alarms", {"cpu-hihg": {"threshold": 90}}),
        "databases.control-plane-db.alarms.cpu-hihg is no usable name: the alarms of a database are cpu-high,",
    ),
    "alarm of another kind of resource": (
        put("caches.app-plane-redis.alarms", {"storage-low": {"threshold": 5}}),
        "caches.app-plane-redis.alarms.storage-low is no usable name: the alarms of a cache are cpu-high, memory-high",
    ),
    "load balancer in an unknown plane": (
        put("load_balancers.portal", {"plane": "aap", "objective": 99.5}),
        'load_balancers.portal.plane is "aap", which is not in planes: use one of app, control',
    ),
    "load balancer by its whole ARN": (
        put(
            "load_balancers.portal",
            {"plane": "app", "objective": 99.5, "load_balancer": "arn:x:loadbalancer/app/portal/50dc6c495c0c9188"},
        ),
        'load_balancers.portal.load_balancer is "arn:x:loadbalancer/app/portal/50dc6c495c0c9188": '
        "the end of an Application Load Balancer's ARN is app/<name>/",
    ),
    "load balancer with an objective of 100 %": (
        put("load_balancers.portal", {"plane": "app", "objective": 100}),
        "load_balancers.portal.objective is 100: an objective lies above 0 and below 100",
    ),
    "unknown severity": (
        put("services.redis.alerts.RedisMemoryHigh.severity", "fatal"),
        'is "fatal": use one of critical, warning, info',
    ),
    "alert without condition": (
        drop("services.redis.alerts.RedisMemoryHigh.expr"),
        "services.redis.alerts.RedisMemoryHigh has neither expr nor probe",
    ),
    "alert on a probe that is not there": (
        put("services.cns-service.alerts.CNSConfigUnhealthy.probe", "konfig"),
        'CNSConfigUnhealthy.probe is "konfig", which is no probe of it: use one of health, config, dual-db, detailed',
    ),
    "value in a label": (
        put("services.redis.alerts.RedisMemoryHigh.labels", {"size": "{{ $value }}"}),
        'RedisMemoryHigh.labels.size is "{{ $value }}": a changing label makes another alert of every '
        "evaluation; use an annotation",
    ),
    "team that nothing leads to": (
        put("teams.lost", {"slack": "#lost"}),
        "teams.lost is told of nothing: give it categories, planes or services",
    ),
    "team of a category that no alert has": (
        put("teams.lost", {"slack": "#lost", "categories": ["databse"]}),
        '"databse", which no alert has',
    ),
    "team without a destination": (
        put("teams.mute", {"planes": ["app"]}),
        "teams.mute has no destination: give it slack, email or pagerduty",
    ),
    "critical that nobody hears": (put("severities.critical", {}), "severities.critical has no destination"),
    "service that nothing watches": (
        put("services.ghost", {"plane": "app"}),
        "services.ghost has neither metrics nor probes",
    ),
    "database that cannot be seen down": (
        put("services.supabase-db.probes", []),
        "services.supabase-db has neither metrics nor probes",
    ),
    "SLO of a service that is not there": (
        put("slos.redis.sli", {"probe": {"service": "rediss"}}),
        'slos.redis.sli names the service "rediss", which is not in services',
    ),
    "SLO of two kinds": (
        put("slos.redis.sli", {"probe": {"service": "redis"}, "requests": {"plane": "app"}}),
        "give exactly one of requests, probe, custom",
    ),
    "replication group without members": (
        put("caches.sessions", {"plane": "app", "replication_group": "sessions"}),
        "caches.sessions.members is missing: metrics are published per member",
    ),
    "threshold that always rings": (
        put("databases.staging-db", {"plane": "app", "identifier": "staging-db", "allocated_gb": 8}),
        "databases.staging-db.alarms.storage-low.threshold is 10 GB where allocated_gb is 8: it would always ring",
    ),
    "two resources with one alarm name": (
        put("caches.control-plane-db", {"plane": "app"}),
        "databases.control-plane-db and caches.control-plane-db share a name",
    ),
    "id that no metric name can hold": (
        put("slos.cns-slo", {"objective": 99, "sli": {"requests": {"plane": "app"}}}),
        "slos.cns-slo is no usable name",
    ),
    "one webhook for two channels": (
        put("teams.slo-team.slack_webhook", "slack_database_webhook"),
        "share the webhook secret slack_database_webhook",
    ),
    "maintenance that covers nothing": (
        put("maintenance.night", {**WINDOW, "planes": []}),
        "maintenance.night covers nothing: give it planes or services",
    ),
    "maintenance of an unknown service": (
        put("maintenance.night", {**WINDOW, "services": ["rediss"]}),
        'maintenance.night.services[0] is "rediss", which is not in services: use one of',
    ),
    "maintenance at no time": (
        put("maintenance.night", {key: WINDOW[key] for key in ("timezone", "planes", "days")}),
        "maintenance.night has no time: give it days, start and duration (weekly), or from and until (once)",
    ),
    "maintenance both weekly and once": (
        put("maintenance.night", {**WINDOW, **ONCE}),
        "maintenance.night has no time: give it days, start and duration (weekly), or from and until (once), and not",
    ),
    "maintenance that ends before it begins": (
        put("maintenance.move", {"timezone": "UTC", "planes": ["app"], "from": ONCE["until"], "until": ONCE["from"]}),
        'maintenance.move.until is "2026-03-08T01:00", which is not after "2026-03-08T04:00"',
    ),
    "maintenance on a day in no calendar": (
        put("maintenance.move", {"timezone": "UTC", "planes": ["app"], **ONCE, "from": "2026-02-30T01:00"}),
        'maintenance.move.from is "2026-02-30T01:00", a day that is in no calendar',
    ),
    "maintenance by the clock of no zone": (
        put("maintenance.night", {**WINDOW, "timezone": "CET+1"}),
        'maintenance.night.timezone is "CET+1": a time zone is UTC or a name of the IANA database, Europe/Berlin',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_named_with_path_value_and_remedy(case: str, problems_of: Told) -> None:
    change, message = CASES[case]

    assert message in problems_of(change)


def test_all_mistakes_are_named_at_once(problems_of: Told) -> None:
    def change(platform: dict[str, Any]) -> None:
        for case in (
            "service in an unknown plane",
            "objective of 100 %",
            "misspelt severity",
            "database without identifier",
        ):
            CASES[case][0](platform)

    told = problems_of(change)

    assert told.startswith("The catalogue has 4 problem(s):")
    for path in (
        "services.cns-service.plane",
        "slos.control_plane.objective",
        "severty",
        "control-plane-db.identifier",
    ):
        assert path in told


def test_a_block_copied_and_not_renamed_is_refused_with_key_and_line(tmp_path: Path) -> None:
    text = (ANANTA / "platform.yaml").read_text()
    copied = tmp_path / "platform.yaml"
    copied.write_text(text.replace("  rabbitmq: { objective: 99.5", "  customer_portal: { objective: 99.0"))
    lines = [i + 1 for i, line in enumerate(copied.read_text().splitlines()) if line.startswith("  customer_portal: {")]

    with pytest.raises(HarnessError) as refusal:
        render(ANANTA, catalogue=copied)

    assert f"the key customer_portal stands in line {lines[0]} and again in line {lines[1]}" in refusal.value.message
