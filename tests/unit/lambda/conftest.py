"""The servers that the forwarders talk to, and the forwarders. Each test has its own; certificates are made once."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Every test has fresh instances of the functions: their modules are compiled once, and nothing is left in the tree.
sys.dont_write_bytecode, sys.pycache_prefix = False, tempfile.mkdtemp(prefix="forwarders-")
atexit.register(shutil.rmtree, sys.pycache_prefix, ignore_errors=True)
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "lambda_src")]

from lambda_standins import PagerDuty, Slack  # noqa: E402 - found by the path above
from lambda_world import CHANNELS, ROUTING, ROUTING_KEY, SOURCE, TOPIC_SEVERITIES, Forwarder  # noqa: E402
from path_watch_world import CANARY, FUNCTIONS, LOG_GROUP, TOPICS, Alarms, Logs, PathWatch, Secrets, Sns  # noqa: E402

from tests.harness.standins.aws import CREDENTIALS, CloudWatch, Extension, SecretsManager  # noqa: E402
from tests.harness.standins.tls import Authority  # noqa: E402

Watched = tuple[Sns, Alarms, Secrets, Logs]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who has signed the certificates of PagerDuty and Slack."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def pagerduty(authority: Authority) -> Iterator[PagerDuty]:
    server = PagerDuty(authority.server_context())
    yield server
    server.stop()


@pytest.fixture
def slack(authority: Authority) -> Iterator[Slack]:
    server = Slack(authority.server_context())
    yield server
    server.stop()


@pytest.fixture
def secrets(pagerduty: PagerDuty, slack: Slack) -> Iterator[SecretsManager]:
    """Secrets Manager with every secret of the routing table filled."""
    server = SecretsManager()
    server["ananta/pagerduty-key"] = ROUTING_KEY
    for channel, secret in CHANNELS.items():
        server[secret] = slack.webhook(channel)
    yield server
    server.stop()


@pytest.fixture
def cloudwatch() -> Iterator[CloudWatch]:
    server = CloudWatch()
    yield server
    server.stop()


@pytest.fixture
def extension() -> Iterator[Extension]:
    server = Extension()
    yield server
    server.stop()


@pytest.fixture
def environment(
    authority: Authority, pagerduty: PagerDuty, secrets: SecretsManager, cloudwatch: CloudWatch
) -> Iterator[dict[str, str]]:
    """The functions' environment; a test may change it. Nothing of it, nor of the developer's own, leaks."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "SSL_", "PARAMETERS_"))]:
        del os.environ[name]
    yield {
        "ROUTING": json.dumps(ROUTING, separators=(",", ":")),
        "TOPIC_SEVERITIES": json.dumps(TOPIC_SEVERITIES),
        "PAGERDUTY_EVENTS_URL": pagerduty.events_url,
        "SSL_CERT_FILE": str(authority.ca_file),
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.url,
        "AWS_ENDPOINT_URL_CLOUDWATCH": cloudwatch.url,
        "AWS_REGION": "eu-central-1",
        **CREDENTIALS,
    }
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def pagerduty_forwarder(environment: dict[str, str]) -> Forwarder:
    return Forwarder("pagerduty_forwarder", lambda: environment)


@pytest.fixture
def slack_forwarder(environment: dict[str, str], slack: Slack) -> Forwarder:
    return Forwarder("slack_forwarder", lambda: environment)


# ---------------------------------------------------------------- path-watch and what it watches


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = (Sns(), Alarms(), Secrets(), Logs())
    yield made
    for server in made:
        server.stop()


@pytest.fixture
def sns(watched: Watched) -> Sns:
    return watched[0]


@pytest.fixture
def alarms(watched: Watched) -> Alarms:
    return watched[1]


@pytest.fixture
def vault(watched: Watched) -> Secrets:
    return watched[2]


@pytest.fixture
def logs(watched: Watched) -> Logs:
    return watched[3]


@pytest.fixture
def surroundings(environment: dict[str, str], watched: Watched) -> dict[str, str]:
    """path-watch's environment; a test may change it."""
    names = ("SNS", "CLOUDWATCH", "SECRETS_MANAGER", "CLOUDWATCH_LOGS")
    return {
        **{key: value for key, value in environment.items() if key.startswith("AWS_")},
        **{f"AWS_ENDPOINT_URL_{name}": server.url for name, server in zip(names, watched, strict=True)},
        "NAME": "ananta",
        "TOPICS": json.dumps(TOPICS),
        "FUNCTIONS": json.dumps(FUNCTIONS),
        "CANARY": CANARY,
        "AWS_LAMBDA_LOG_GROUP_NAME": LOG_GROUP,
    }


@pytest.fixture
def installed(
    surroundings: dict[str, str], logs: Logs, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], PathWatch]:
    """path-watch from a folder with its code, the source's if it is empty."""
    return lambda folder: PathWatch(lambda: surroundings, logs, lambda: capsys.readouterr().out, folder)


@pytest.fixture
def path_watch(installed: Callable[[str], PathWatch]) -> PathWatch:
    return installed("")


@pytest.fixture
def shipped(installed: Callable[[str], PathWatch], tmp_path: Path) -> PathWatch:
    """From the committed package."""
    with zipfile.ZipFile(Path(SOURCE) / "dist/path-watch.zip") as package:
        package.extractall(tmp_path)
    return installed(str(tmp_path))
