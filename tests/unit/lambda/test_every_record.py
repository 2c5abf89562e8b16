"""Whatever SNS brings, well-formed or not: every record is delivered. Nothing is lost and nothing is raised in vain."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from lambda_messages import FIXTURES
from lambda_standins import Slack, refusal
from lambda_world import CHANNELS, Forwarder

from tests.harness.standins.aws import SecretsManager
from tests.harness.standins.pagerduty import event_errors

EVENTS_TO_SLACK, EVENTS_TO_PAGERDUTY = 20_000, 1_000
WORDS = (
    "", "ok", "null", "None", "🧨", "naïve ünï", "\ud83d", "\x00\x1b[0m", "<!channel>", "&amp;", "{", "]", "a\nb\r\tc",
    "arn:aws:sns", "2024-13-45T99:99:99Z", "1e999", "-0", "NaN", "critical", "Labels: severity=", "Labels: =,=,,a",
    "Alerts Firing:\nLabels:\n - alertname = x\nAnnotations:\n - a = b\nSource: s", "x" * 5000, "ß" * 3000, " " * 100,
    "Labels: severity=critical, category=database\nRunbook: http://[::1\nDashboard: https://x/ y",
)  # fmt: skip
SCALARS: tuple[Any, ...] = (
    None, True, False, 0, -1, 3.5, 1e308, float("inf"), float("nan"), 2**70, [], {}, [[]], {"": None},
)  # fmt: skip


TOPICS = ("critical-alerts-topic", "warning-alerts-topic", "brought-along")


class Sink:
    """A destination that takes everything and is as fast as can be; it keeps the bodies."""

    def __init__(self, status: bytes, body: bytes) -> None:
        self.bodies: list[bytes] = []
        self._answer = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        with connection:
            held = b""
            while True:
                while b"\r\n\r\n" not in held:
                    if not (more := connection.recv(1 << 20)):
                        return
                    held += more
                head, _, held = held.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                while len(held) < length:
                    held += connection.recv(1 << 20)
                self.bodies.append(held[:length])
                held = held[length:]
                connection.sendall(self._answer)

    def close(self) -> None:
        """Takes nothing more."""
        self._listener.close()


@pytest.fixture
def slack_sink() -> Iterator[Sink]:
    sink = Sink(b"200 OK", b"ok")
    yield sink
    sink.close()


@pytest.fixture
def pagerduty_sink() -> Iterator[Sink]:
    sink = Sink(b"202 Accepted", b"{}")
    yield sink
    sink.close()


class Generator:
    """Events by a seed: recorded shapes with parts taken away, exchanged, grown; and pure noise."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.shapes = [
            record["Sns"]["Message"]
            for path in sorted(FIXTURES.glob("*.json"))
            if path.stem != "no-data-sequence"
            for record in json.loads(path.read_text())["Records"]
        ]
        self.count = 0

    def event(self) -> Any:
        """Mostly one record, as SNS sends it; sometimes several."""
        return {"Records": [self.record() for _ in range(self.random.choice((1, 1, 1, 1, 1, 1, 1, 2, 3)))]}

    def record(self) -> Any:
        self.count += 1
        sns: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": f"id-{self.count}",
            "TopicArn": f"arn:aws:sns:eu-central-1:123456789012:{self.random.choice(TOPICS)}",
            "Subject": self.random.choice((None, "a subject", "ü" * 100)),
            "Message": self.message(),
            "Timestamp": "2024-11-25T03:42:00.400Z",
            "MessageAttributes": {},
        }
        record: dict[str, Any] = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}
        if self.random.random() < 0.15:
            self.spoil(sns)
        if self.random.random() < 0.02:
            self.spoil(record)
        return record

    def message(self) -> Any:
        kind = self.random.random()
        if kind < 0.12:
            return self.random.choice(WORDS)
        if kind < 0.2:
            return json.dumps(self.noise(5))
        shape = self.random.choice(self.shapes)
        if kind < 0.3:
            return shape[: self.random.randrange(len(shape))]
        try:
            content = json.loads(shape)
        except ValueError:
            return shape
        for _ in range(self.random.choice((0, 1, 1, 2, 5))):
            self.spoil(content)
        return json.dumps(content)

    def spoil(self, content: Any) -> None:
        """Somewhere inside, something is missing, is of another type, or is far too much."""
        while isinstance(content, (dict, list)) and content:
            key = self.random.choice(list(content) if isinstance(content, dict) else range(len(content)))
            if isinstance(content[key], (dict, list)) and content[key] and self.random.random() < 0.6:
                content = content[key]
                continue
            if self.random.random() < 0.3:
                del content[key]
            else:
                content[key] = self.noise(3)
            return

    def noise(self, depth: int) -> Any:
        kind = self.random.random()
        if kind < 0.4 or depth == 0:
            return self.random.choice(WORDS)
        if kind < 0.7:
            return self.random.choice(SCALARS)
        if kind < 0.72:
            deep: Any = "deep"
            for _ in range(300):
                deep = [deep]
            return deep
        if kind < 0.86:
            return [self.noise(depth - 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(WORDS): self.noise(depth - 1) for _ in range(self.random.randrange(4))}


@pytest.mark.timeout(240)
def test_every_one_of_20000_generated_events_reaches_slack_within_its_limits(
    slack_sink: Sink, slack: Slack, secrets: SecretsManager, slack_forwarder: Forwarder,
    environment: dict[str, str], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    generator = Generator(20241125)
    for secret in CHANNELS.values():
        secrets[secret] = f"http://127.0.0.1:{slack_sink.port}/services/{secret}"
    rows = json.loads(environment["ROUTING"])
    environment["ROUTING"] = json.dumps([row for row in rows if "s" in row])  # routing has its own tests
    slack_forwarder.receive({"Records": [generator.record() for _ in range(200)]})
    environment["AWS_ACCESS_KEY_ID"] = ""  # from here on nobody is asked whether an old alarm still holds

    for number in range(EVENTS_TO_SLACK):
        slack_sink.bodies.clear()
        event = generator.event()
        slack_forwarder.receive(event)
        assert len(slack_sink.bodies) >= len(event["Records"]), (number, event)
        for body in slack_sink.bodies:
            assert refusal(json.loads(body)) == "", (number, event)
        if number % 500 == 0:
            capsys.readouterr()


@pytest.mark.timeout(240)
def test_every_generated_record_that_is_critical_reaches_pagerduty_within_its_limits(
    pagerduty_sink: Sink, pagerduty: Any, pagerduty_forwarder: Forwarder, environment: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    generator = Generator(7)
    environment["PAGERDUTY_EVENTS_URL"] = f"http://127.0.0.1:{pagerduty_sink.port}/v2/enqueue"
    pagerduty_forwarder.receive({"Records": [generator.record() for _ in range(50)]})
    environment["AWS_ACCESS_KEY_ID"] = ""
    capsys.readouterr()

    for number in range(EVENTS_TO_PAGERDUTY):
        pagerduty_sink.bodies.clear()
        event = generator.event()
        pagerduty_forwarder.receive(event)
        outcomes = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert len({line["message_id"] for line in outcomes}) >= len(event["Records"]), (number, event)
        assert len(pagerduty_sink.bodies) == sum(line["outcome"] == "delivered" for line in outcomes)
        for body in pagerduty_sink.bodies:
            assert event_errors(json.loads(body)) == [], (number, event)


def test_an_event_as_large_and_as_deep_as_sns_allows_is_told_in_time(slack: Slack, slack_forwarder: Forwarder) -> None:
    deep = '{"a":' * 20000 + "1" + "}" * 20000
    wide = json.dumps({"alerts": [{"labels": {"alertname": f"a{number}"}} for number in range(6000)]})
    digits = '{"severity": ' + "9" * 200000 + "}"
    began = time.monotonic()

    for message in (deep, wide, digits, "\n" * 250000, " - a = b\n" * 25000 + "Alerts Firing:\n" + "Labels:\n" * 20000):
        slack_forwarder.receive({"Records": [{"Sns": {"MessageId": "x", "Message": message}}]})

    assert time.monotonic() - began < 10
    assert len(slack.channels()) == 5
