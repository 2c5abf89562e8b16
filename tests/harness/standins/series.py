"""Series that services export beside their request counters, under the names of the usual exporters."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

BUCKETS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0)


class Sample(NamedTuple):
    """A series at the start of its process: its value, and its growth a second (0: a gauge)."""

    value: float = 0.0
    rate: float = 0.0


SeriesMap = Mapping[str, Sample]  # 'name{label="value"}' -> sample

BY_KIND: Mapping[str, SeriesMap] = {
    "cache": {
        "redis_up": Sample(1),
        "redis_memory_used_bytes": Sample(200e6),
        "redis_memory_max_bytes": Sample(1e9),
        "redis_connected_clients": Sample(12),
    },
    "queue": {
        "rabbitmq_queue_messages": Sample(40),
        "rabbitmq_queue_messages_ready": Sample(30),
        "rabbitmq_queue_messages_unacked": Sample(10),
    },
    "database": {
        "pg_up": Sample(1),
        'pg_stat_activity_count{datname="app",state="active"}': Sample(4),
        'pg_stat_activity_count{datname="app",state="idle"}': Sample(8),
        "pg_settings_max_connections": Sample(100),
        "pg_replication_lag_seconds": Sample(0),
    },
    "store": {
        "minio_cluster_nodes_online_total": Sample(4),
        "minio_cluster_capacity_usable_total_bytes": Sample(1e12),
        "minio_cluster_capacity_usable_free_bytes": Sample(6e11),
    },
}


def counters(name: str, label: str, rates: Mapping[str, float]) -> dict[str, Sample]:
    """One counter for each value of a label, growing by so much a second."""
    return {f'{name}{{{label}="{value}"}}': Sample(rate=rate) for value, rate in rates.items()}


def histogram(name: str, rate: float, seconds: float, buckets: Iterable[float] = BUCKETS) -> dict[str, Sample]:
    """A histogram of `rate` observations a second that all took `seconds`."""
    series = {f'{name}_bucket{{le="{bound}"}}': Sample(rate=rate if seconds <= bound else 0) for bound in buckets}
    return {
        **series,
        f'{name}_bucket{{le="+Inf"}}': Sample(rate=rate),
        f"{name}_sum": Sample(rate=rate * seconds),
        f"{name}_count": Sample(rate=rate),
    }


def enrichment() -> dict[str, Sample]:
    """What the reference platform's CNS exports of its own, healthy."""
    return {
        **histogram("enrichment_duration_seconds", rate=2, seconds=1.2),
        **counters("enrichment_matches_total", "status", {"matched": 1.9, "unmatched": 0.1}),
        **counters("supplier_api_calls_total", "status", {"success": 4.95, "error": 0.05}),
    }
