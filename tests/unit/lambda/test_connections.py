"""What a destination's connection can do to an alert: never open, never answer, drip, end, or be somebody else's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from lambda_messages import alarm, sns
from lambda_standins import PagerDuty, Slack, shown
from lambda_world import CHANNELS, Forwarder

from tests.harness.standins.aws import SecretsManager
from tests.harness.standins.tls import Authority


@contextmanager
def swallowing() -> Iterator[int]:
    """A port that takes no connection and refuses none, as a network without a way out does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for one in waiting:
            one.close()


@contextmanager
def dripping() -> Iterator[int]:
    """A server that answers one byte every 100 ms and never comes to an end."""
    ended = threading.Event()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        listener.settimeout(0.1)

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    continue
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

        def drip(connection: socket.socket) -> None:
            with connection:
                while not ended.wait(0.1):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        ended.set()


@pytest.mark.parametrize("fault", ["swallows packets", "drips", "hangs", "refuses"])
def test_a_destination_without_an_answer_is_raised_before_the_functions_time_is_up(
    fault: str, pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    pagerduty.hang()
    with swallowing() as silent, dripping() as drips:
        url = {
            "swallows packets": f"http://127.0.0.1:{silent}/v2/enqueue",
            "drips": f"http://127.0.0.1:{drips}/v2/enqueue",
            "hangs": environment["PAGERDUTY_EVENTS_URL"],
            "refuses": "https://127.0.0.1:9/v2/enqueue",
        }[fault]
        environment["PAGERDUTY_EVENTS_URL"] = url
        began = time.monotonic()

        with pytest.raises(Exception, match="critical: (no answer in time|connection refused|the connection broke)"):
            pagerduty_forwarder.receive(sns(alarm(severity="critical")), seconds=3)

    assert time.monotonic() - began < 3


def test_a_resolver_that_does_not_answer_costs_a_reason_and_not_the_functions_time(
    pagerduty_forwarder: Forwarder, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pagerduty_forwarder.receive(sns(alarm("warm", severity="critical")))
    resolve = socket.getaddrinfo

    def slow(host: str, *rest: Any, **more: Any) -> Any:
        if host == "events.example":
            time.sleep(30)
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    environment["PAGERDUTY_EVENTS_URL"] = "https://events.example/v2/enqueue"
    began = time.monotonic()

    with pytest.raises(Exception, match="critical: its name cannot be resolved"):
        pagerduty_forwarder.receive(sns(alarm(severity="critical")), seconds=3)

    assert time.monotonic() - began < 3


def test_a_hanging_channel_does_not_cost_the_other_channel_its_message(
    slack: Slack, slack_forwarder: Forwarder
) -> None:
    slack.hang(times=1)

    slack_forwarder.receive(sns(alarm(severity="critical")), seconds=4)

    assert slack.channels() == ["#critical-alerts", "#database-alerts"]


def test_a_certificate_that_is_not_trusted_is_raised_and_nothing_is_sent(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    del environment["SSL_CERT_FILE"]

    with pytest.raises(Exception, match="its TLS certificate is not trusted"):
        pagerduty_forwarder.receive(sns(alarm(severity="critical")))

    assert pagerduty.requests == []


def test_a_warm_instance_keeps_its_connection_and_survives_the_peers_end_of_it(
    slack: Slack, slack_forwarder: Forwarder, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [f"text {number}" for number in range(6)]
    for text in texts[:3]:
        slack_forwarder.receive(sns(text))
    kept = slack.connections

    slack.cut()
    for text in texts[3:]:
        slack_forwarder.receive(sns(text))

    assert (kept, slack.connections) == (1, 2)
    assert [text for message in slack.messages() for text in texts if text in shown(message)] == texts
    assert len(slack.requests) == len(texts)
    assert "retried" not in capsys.readouterr().out


def test_a_connection_that_the_peer_has_cut_without_a_word_costs_nobody_a_message(
    authority: Authority, slack: Slack, slack_forwarder: Forwarder, secrets: SecretsManager
) -> None:
    """The peer accepts the second request on the kept connection and hangs up instead of answering."""
    heard: list[str] = []
    context = authority.server_context()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4)

        def serve() -> None:
            for _ in range(2):
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(2)
                    text = ""
                    while not text.endswith("}]}"):
                        text += connection.recv(65536).decode()
                    heard.append(text)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    with suppress(TimeoutError):
                        connection.recv(65536)  # the next request on it: no answer, the end

        threading.Thread(target=serve, daemon=True).start()
        secrets[CHANNELS["#platform-alerts"]] = f"https://127.0.0.1:{listener.getsockname()[1]}/services/T/B/x"

        slack_forwarder.receive(sns("first"))
        slack_forwarder.receive(sns("second"))

    assert len(heard) == 2
