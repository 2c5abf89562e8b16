"""Input series of promtool: the counters of a service whose requests fail in phases."""

from typing import NamedTuple

TARGET = 'job="control-plane-orchestrator",plane="control",service="orchestrator",instance="a"'


class Phase(NamedTuple):
    """`minutes` in which `share` of the `requests` of each scrape fail."""

    minutes: float
    share: float = 0
    requests: float = 1000


def counters(*phases: Phase, step_s: int = 15, target: str = TARGET) -> list[dict[str, str]]:
    """The counters of good and of bad requests, scraped every `step_s` seconds."""
    return [
        {"series": f'http_requests_total{{{target},status="{status}"}}', "values": counter(phases, bad, step_s)}
        for status, bad in (("200", False), ("500", True))
    ]


def counter(phases: tuple[Phase, ...], bad: bool, step_s: int = 15) -> str:
    value, parts = 0.0, ["0"]
    for phase in phases:
        steps = round(phase.minutes * 60 / step_s)
        growth = phase.requests * (phase.share if bad else 1 - phase.share)
        parts.append(f"{value + growth:.10g}+{growth:.10g}x{steps - 1}")
        value += growth * steps
    return " ".join(parts)


def counted(phases: tuple[Phase, ...], bad: bool, at_s: float, step_s: int = 15) -> int:
    """What a counter shows `at_s` seconds after the phases began: whole requests. The last phase goes on for ever."""
    value, begin = 0.0, 0.0
    for number, phase in enumerate(phases):
        length = phase.minutes * 60 if number < len(phases) - 1 else float("inf")
        share = phase.share if bad else 1 - phase.share
        value += max(0.0, min(at_s - begin, length)) * phase.requests * share / step_s
        begin += length
    return int(value)
