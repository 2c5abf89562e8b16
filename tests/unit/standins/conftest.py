"""What the tests of the stand-ins share: one run's certificate authority, a recorder, and a client that trusts."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.harness.standins.pagerduty import PagerDuty
from tests.harness.standins.recorder import Recorder
from tests.harness.standins.slack import Slack
from tests.harness.standins.tls import Authority

NAMES = {"ServiceDown", "CNSConfigUnhealthy", "control-plane-db-cpu-high", "db-cpu-high"}


class Reply(NamedTuple):
    status: int
    body: str
    headers: dict[str, str]


Post = Callable[..., Reply]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def context(authority: Authority) -> ssl.SSLContext:
    return authority.server_context()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def pagerduty(recorder: Recorder, context: ssl.SSLContext) -> Iterator[PagerDuty]:
    with PagerDuty(recorder, context, NAMES) as server:
        yield server


@pytest.fixture
def slack(recorder: Recorder, context: ssl.SSLContext) -> Iterator[Slack]:
    with Slack(recorder, context, NAMES) as server:
        yield server


@pytest.fixture
def post(authority: Authority) -> Post:
    """POST a value as JSON (bytes as they are); the answer, whatever its status."""
    client = authority.client_context()

    def send(url: str, body: Any, content_type: str = "application/json", timeout: float = 5) -> Reply:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=client) as response:
                return Reply(response.status, response.read().decode(), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read().decode(), dict(error.headers))

    return send
