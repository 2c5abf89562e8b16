"""Values of metrics with their units, as a person would say them."""

from forwarder.text import number

BYTE_STEPS = ("bytes", "KiB", "MiB", "GiB", "TiB")
PERCENT_ENDS = ("Utilization", "Percentage", "Percent", "%", "Balance")
BYTE_ENDS = ("Space", "Memory", "Bytes")
SECONDS = ("ReadLatency", "WriteLatency", "ReplicaLag", "ReplicationLag", "TargetResponseTime")
NAMED = {
    "Percent": "%",
    "Bytes": "bytes",
    "Seconds": "s",
    "Milliseconds": "ms",
    "Microseconds": "µs",
    "Count/Second": "/s",
}
SYMBOLS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside",
    "LessThanLowerThreshold": "below",
    "GreaterThanUpperThreshold": "above",
}


def unit_of(metric: str, declared: str) -> str:
    """The unit that the alarm declares, else the one that AWS publishes the metric in, else nothing."""
    if declared in NAMED:
        return NAMED[declared]
    if metric in SECONDS:
        return "s"
    if metric.endswith(PERCENT_ENDS):
        return "%"
    return "bytes" if metric.endswith(BYTE_ENDS) else ""


def measure(value: float, unit: str) -> str:
    """`82 %`, `10 GiB`, `250 ms`; bytes and seconds are scaled to what reads well."""
    if unit == "bytes":
        step = 0
        while abs(value) >= 1024 and step < len(BYTE_STEPS) - 1:
            value, step = value / 1024, step + 1
        return f"{number(value)} {BYTE_STEPS[step]}"
    if unit == "s" and 0 < abs(value) < 1:
        return f"{number(value * 1000)} ms"
    return f"{number(value)} {unit}".rstrip()


def duration(seconds: float) -> str:
    """`1 min`, `30 s`, `6 h`."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{number(seconds / size)} {name}"
    return f"{number(seconds)} s"
