"""The past that is written: whole requests, and roll-ups that add up to the same."""

import pytest

from tests.harness.history import Counter, Slo, openmetrics, seconds

LABELS = {"plane": "control", "service": "shop", "method": "GET"}
GOOD = Counter({**LABELS, "status": "200"}, rate=0.9, origin=0)
BAD = Counter({**LABELS, "status": "500"}, rate=0.1, origin=0)
SLO = Slo(
    "shop",
    [GOOD, BAD],
    noted={},
    begun={},
    events={"rules": [{"record": "slo:shop:events:total", "labels": {"slo": "shop"}}]},
    rollups={"interval": "4m"},
)


def samples(lines: list[str], start: str) -> list[float]:
    return [float(line.split()[-2]) for line in lines if line.startswith(start)]


def test_a_counter_shows_whole_requests_and_never_falls() -> None:
    shown = [GOOD.at(when) for when in range(100)]

    assert shown[-1] == 89
    assert shown == sorted(shown)


def test_rollups_add_up_to_what_the_counters_have_grown_by() -> None:
    lines = list(openmetrics([GOOD, BAD], [SLO], begin=0, between=(86400, 90000)))

    assert sum(samples(lines, 'slo:shop:events:total_rollup{slo="shop"}')) == GOOD.at(86160) + BAD.at(86160)
    assert sum(samples(lines, 'slo:shop:events:bad_rollup{slo="shop"}')) == BAD.at(86160)


def test_raw_counters_reach_from_the_rollups_end_to_now() -> None:
    lines = list(openmetrics([GOOD, BAD], [SLO], begin=0, between=(86400, 90000)))
    times = [int(line.split()[-1]) for line in lines if line.startswith("http_requests_total")]

    assert (min(times), max(times)) == (86400, 90000)
    assert lines[-1] == "# EOF\n"


@pytest.mark.parametrize(
    ("text", "value"), [("15s", 15), ("1m30s", 90), ("2h", 7200), ("4m500ms", 240.5), ("1d", 86400)]
)
def test_durations_are_read_as_prometheus_writes_them(text: str, value: float) -> None:
    assert seconds(text) == value
