"""Planned maintenance: open by the clock of its own zone, through every change of the clocks, and never by mistake."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NIGHT = {"timezone": "Europe/Berlin", "days": ["sun"], "start": "02:30", "duration": "90m", "from": "", "until": ""}
EVENING = {**NIGHT, "days": ["fri"], "start": "23:30", "duration": "2h"}
MOVE = {**NIGHT, "timezone": "America/New_York", "from": "2026-03-08T01:00", "until": "2026-03-08T04:00"}
HALF_HOURS = {**NIGHT, "timezone": "Asia/Kolkata", "days": ["mon"], "start": "00:15", "duration": "30m"}


def unix(utc: str) -> float:
    return datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        pytest.param(NIGHT, "2026-01-11T01:30", "2026-01-11T03:00", id="winter"),
        pytest.param(NIGHT, "2026-07-12T00:30", "2026-07-12T02:00", id="summer"),
        pytest.param(NIGHT, "2026-03-29T01:30", "2026-03-29T03:00", id="the hour is skipped: it opens at 03:30"),
        pytest.param(NIGHT, "2026-10-25T00:30", "2026-10-25T02:00", id="the hour comes twice: it opens the first time"),
        pytest.param(EVENING, "2026-01-09T22:30", "2026-01-10T00:30", id="over midnight"),
        pytest.param(MOVE, "2026-03-08T06:00", "2026-03-08T08:00", id="once, two real hours: a third is skipped"),
        pytest.param(HALF_HOURS, "2026-05-03T18:45", "2026-05-03T19:15", id="Monday there, Sunday here"),
    ],
)
def test_a_window_follows_its_own_clock(heartbeat: ModuleType, window: dict[str, Any], opens: str, closes: str) -> None:
    def is_open(at: float) -> bool:
        return any(begin <= at < end for begin, end in heartbeat.spells(window, at))

    around = [unix(opens) - 1, unix(opens), unix(closes) - 1, unix(closes)]
    assert [is_open(at) for at in around] == [False, True, True, False]


def test_a_gauge_stands_for_each_plane_and_service(heartbeat: ModuleType, tmp_path: Path) -> None:
    covers = {"planes": ["app"], "services": [{"plane": "app", "service": "redis"}]}
    lost = {**NIGHT, **covers, "timezone": "Europe/Atlantis"}
    file = tmp_path / "maintenance.json"
    file.write_text(json.dumps({"night": {**NIGHT, **covers}, "lost": lost}))

    lines = heartbeat.maintenance(file, unix("2026-01-11T02:00"))

    assert [line for line in lines if not line.startswith("#")] == [
        'platform_maintenance_active{window="night",plane="app"} 1',
        'platform_maintenance_active{window="night",plane="app",service="redis"} 1',
        'platform_maintenance_active{window="lost",plane="app"} 0',
        'platform_maintenance_active{window="lost",plane="app",service="redis"} 0',
        'platform_maintenance_unusable{window="night"} 0',
        'platform_maintenance_unusable{window="lost"} 1',
    ]


def test_without_windows_nothing_is_said(heartbeat: ModuleType, tmp_path: Path) -> None:
    assert heartbeat.maintenance(tmp_path / "none.json") == []
