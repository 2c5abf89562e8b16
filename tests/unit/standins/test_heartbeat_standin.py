import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.standins.heartbeat import Heartbeat
from tests.harness.standins.recorder import Recorder
from tests.unit.standins.conftest import Post


@pytest.fixture
def heartbeat(recorder: Recorder) -> Iterator[Heartbeat]:
    with Heartbeat(recorder) as server:
        yield server


def webhook(**changes: Any) -> dict[str, Any]:
    return {"version": "4", "status": "firing", "alerts": [{"labels": {"alertname": "Watchdog"}}], **changes}


def test_the_watchdog_is_heard(heartbeat: Heartbeat, recorder: Recorder, post: Post) -> None:
    assert post(f"{heartbeat.url}/watchdog", webhook()).status == 200

    (delivery,) = recorder.since()
    assert (delivery.receiver, delivery.state, delivery.names) == ("heartbeat", "firing", ("Watchdog",))


@pytest.mark.parametrize(
    "bad", [b"no json", {}, webhook(version="3"), webhook(status="odd"), webhook(alerts=[{"labels": {}}])]
)
def test_anything_else_is_refused(heartbeat: Heartbeat, recorder: Recorder, post: Post, bad: Any) -> None:
    assert post(heartbeat.url, bad).status == 400
    assert recorder.since()[0].problem.startswith("no webhook of Alertmanager")


def test_a_listener_can_have_the_port_that_the_configuration_names(recorder: Recorder, post: Post) -> None:
    with Heartbeat(recorder) as first:
        port = first.port
    with Heartbeat(recorder, port) as second:
        assert post(f"http://127.0.0.1:{port}", webhook()).status == 200
        assert second.port == port


def test_a_scrape_is_answered_and_is_no_message(heartbeat: Heartbeat, recorder: Recorder) -> None:
    with urllib.request.urlopen(f"{heartbeat.url}/metrics", timeout=5) as answer:
        assert answer.read() == b"config_release_rejected 0\n"
    assert recorder.since() == []
