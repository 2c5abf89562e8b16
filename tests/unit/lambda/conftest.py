"""The servers that the forwarders talk to, and the forwarders. Each test has its own; certificates are made once."""

from __future__ import annotations

import atexit
import datetime
import ipaddress
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = Path(__file__).parent
# Every test has fresh instances of the functions: their modules are compiled once, and nothing is left in the tree.
sys.dont_write_bytecode, sys.pycache_prefix = False, tempfile.mkdtemp(prefix="forwarders-")
atexit.register(shutil.rmtree, sys.pycache_prefix, ignore_errors=True)
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "lambda_src")]

from lambda_world import (  # noqa: E402 - found by the path above
    CHANNELS,
    KEY_ID,
    ROUTING,
    SECRET_KEY,
    SESSION_TOKEN,
    SOURCE,
    TOPIC_SEVERITIES,
    CloudWatch,
    Extension,
    Forwarder,
    PagerDuty,
    SecretsManager,
    Slack,
)
from path_watch_world import CANARY, FUNCTIONS, LOG_GROUP, TOPICS, Alarms, Logs, PathWatch, Secrets, Sns  # noqa: E402

Watched = tuple[Sns, Alarms, Secrets, Logs]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost with its key in one file; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def pagerduty(certificate: Path) -> Iterator[PagerDuty]:
    server = PagerDuty(certificate)
    yield server
    server.close()


@pytest.fixture
def slack(certificate: Path) -> Iterator[Slack]:
    server = Slack(certificate)
    yield server
    server.close()


@pytest.fixture
def secrets(pagerduty: PagerDuty, slack: Slack) -> Iterator[SecretsManager]:
    """Secrets Manager with every secret of the routing table filled."""
    server = SecretsManager()
    server["ananta/pagerduty-key"] = next(iter(pagerduty.keys))
    for channel, secret in CHANNELS.items():
        server[secret] = slack.hook(channel)
    yield server
    server.close()


@pytest.fixture
def cloudwatch() -> Iterator[CloudWatch]:
    server = CloudWatch()
    yield server
    server.close()


@pytest.fixture
def extension() -> Iterator[Extension]:
    server = Extension()
    yield server
    server.close()


@pytest.fixture
def environment(
    certificate: Path, pagerduty: PagerDuty, secrets: SecretsManager, cloudwatch: CloudWatch
) -> Iterator[dict[str, str]]:
    """The functions' environment; a test may change it. Nothing of it, nor of the developer's own, leaks."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "SSL_", "PARAMETERS_"))]:
        del os.environ[name]
    yield {
        "ROUTING": json.dumps(ROUTING, separators=(",", ":")),
        "TOPIC_SEVERITIES": json.dumps(TOPIC_SEVERITIES),
        "PAGERDUTY_EVENTS_URL": f"{pagerduty.url}/v2/enqueue",
        "SSL_CERT_FILE": str(certificate),
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.url,
        "AWS_ENDPOINT_URL_CLOUDWATCH": cloudwatch.url,
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
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
        server.close()


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
