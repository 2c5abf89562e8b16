import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.standins.https import Answer, HttpStandin, Request
from tests.harness.standins.recorder import Recorder
from tests.harness.standins.sns_mail import SnsMailbox
from tests.unit.standins.conftest import NAMES

TEAM = "database-team@ananta.io"


class Emulator(HttpStandin):
    """Shows mails as the emulator does."""

    messages: list[dict[str, Any]]

    def answer(self, request: Request) -> Answer:
        return Answer(200 if request.path == "/_aws/ses" else 404, json.dumps({"messages": self.messages}))

    def send(self, text: str) -> None:
        body = {"text_part": text, "html_part": None}
        message = {"Id": f"{len(self.messages)}", "Subject": "SNS", "Source": "a@b", "Body": body}
        self.messages.append({**message, "Destination": {"ToAddresses": [TEAM]}})


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        server.messages = []
        yield server


def test_each_mail_is_recorded_once_with_the_state_that_the_alarm_names(emulator: Emulator, recorder: Recorder) -> None:
    emulator.send(
        json.dumps({"AlarmName": "control-plane-db-cpu-high", "NewStateValue": "ALARM", "OldStateValue": "OK"})
    )
    with SnsMailbox(recorder, emulator.url, NAMES, interval=0.02):
        assert recorder.wait(lambda one: one.state == "firing", timeout=5)
        emulator.send(json.dumps({"AlarmName": "control-plane-db-cpu-high", "NewStateValue": "OK"}))
        assert recorder.wait(lambda one: one.state == "resolved", timeout=5)

    assert [(one.receiver, one.state, one.names) for one in recorder.since()] == [
        (f"mail@{TEAM}", "firing", ("control-plane-db-cpu-high",)),
        (f"mail@{TEAM}", "resolved", ("control-plane-db-cpu-high",)),
    ]


def test_a_text_is_read_like_any_message(emulator: Emulator, recorder: Recorder) -> None:
    emulator.send("control-plane-db-cpu-high: ALARM → OK")
    SnsMailbox(recorder, emulator.url, NAMES).collect()

    assert recorder.since()[0].state == "resolved"


def test_an_emulator_that_is_away_for_a_while_is_asked_again(emulator: Emulator, recorder: Recorder) -> None:
    with SnsMailbox(recorder, emulator.url, NAMES, interval=0.02):
        emulator.refuse()
        emulator.send("ALARM")
        emulator.heal()
        assert recorder.wait(lambda one: one.receiver == f"mail@{TEAM}", timeout=5)
