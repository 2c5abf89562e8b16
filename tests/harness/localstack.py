"""The AWS emulator: LocalStack in host mode, Lambda functions as local processes, moto's services beside its own."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.harness import bootstrap, process
from tests.harness.errors import HarnessError

PLUGIN = Path(__file__).with_name("localstack_plugin")
ACCOUNT = "000000000000"
REGION = "eu-central-1"
START_TIMEOUT_S = 90.0
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class LocalStack:
    """One emulator with its state in `run_dir`; thrown away when stopped.

    `lambda_env` is put under every function's environment (SSL_CERT_FILE of a test's certificate authority, say).
    `settings` are further environment variables of LocalStack's own.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        lambda_env: Mapping[str, str] | None = None,
        port: int | None = None,
        region: str = REGION,
        alarm_interval_s: float = 5.0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.run_dir = run_dir
        self.region = region
        self.lambda_env = dict(lambda_env or {})
        self.port = port or process.free_port()
        self.alarm_interval_s = alarm_interval_s
        self.settings = dict(settings or {})
        self.supervisor = process.Supervisor(run_dir)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.run_dir / "logs/localstack.log"

    @property
    def _overrides(self) -> Path:
        return self.run_dir / "lambda-overrides.json"

    def start(self) -> Self:
        """Start it and wait until it really answers. HarnessError names the log when it does not."""
        python = bootstrap.venv("localstack")
        command: list[str | Path] = [python, "-m", "localstack.runtime.main"]
        self.supervisor.start(
            "localstack",
            command,
            ready=self._answers,
            timeout_s=START_TIMEOUT_S,
            ports=[self.port],
            env=self._environment(python),
            cwd=self.run_dir,
        )
        return self

    def stop(self) -> None:
        """End it and its functions at once: an orderly shutdown takes seconds and saves nothing."""
        for running in self.supervisor.processes.values():
            running.kill()
        self.supervisor.processes.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """What points the AWS command line, boto3 and Terraform's provider at this emulator."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def client(self, service: str, region: str | None = None, **settings: Any) -> Any:
        """A boto3 client of this emulator; `settings` are those of botocore's Config."""
        session = boto3.session.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=region or self.region,
        )
        usual = {"retries": {"max_attempts": 2}, "connect_timeout": 5, "read_timeout": 90}
        config = Config(s3={"addressing_style": "path"}, proxies={}, **{**usual, **settings})
        make: Any = session.client
        return make(service, endpoint_url=self.url, config=config)

    def version(self) -> str:
        """Its own word on what it is."""
        return str(self._get("/_localstack/info")["version"])

    def override_lambda_env(self, values: Mapping[str, str]) -> None:
        """Put these over every function's environment, as its next processes see it; an empty mapping ends that."""
        self._overrides.write_text(json.dumps(dict(values)))

    def mails(self) -> list[dict[str, Any]]:
        """Mails that SNS and SES have "sent", the oldest first: Source, Destination, Subject, Body."""
        try:
            messages: list[dict[str, Any]] = self._get("/_aws/ses")["messages"]
        except urllib.error.HTTPError as problem:
            if problem.code == 404:  # its SES starts with the first mail
                return []
            raise
        return messages

    def queued(self, queue: str, region: str | None = None) -> list[dict[str, Any]]:
        """Messages that wait in a queue, left there: Body, Attributes. `queue` is its name."""
        answer = self._get(f"/_aws/sqs/messages/{region or self.region}/{ACCOUNT}/{queue}")
        found = ((answer.get("ReceiveMessageResponse") or {}).get("ReceiveMessageResult") or {}).get("Message") or []
        return found if isinstance(found, list) else [found]

    def function_log(self, function: str, region: str | None = None) -> list[str]:
        """All log lines of a function, the oldest first; empty if it has never run."""
        logs = self.client("logs", region)
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
            return [event["message"].rstrip("\n") for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    def break_calls(self, **broken: str) -> None:
        """From now on calls "hang" or are refused as not implemented ("refuse"), by name: `sqs_CreateQueue="hang"`."""
        calls = {name.replace("_", ".", 1): how for name, how in broken.items()}
        self._get("/_harness/broken", json.dumps(calls).encode())

    def _get(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)

    def _answers(self) -> bool:
        # Its health page says "available" before anything is.
        if not process.accepts("127.0.0.1", self.port):
            return False
        try:
            return bool(self.client("sts").get_caller_identity()["Account"] == ACCOUNT)
        except (BotoCoreError, ClientError, KeyError):
            return False

    def _environment(self, python: Path) -> dict[str, str]:
        home = self.run_dir / "localstack"
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        address = f"127.0.0.1:{self.port}"
        if not (PLUGIN / "sitecustomize.py").is_file():
            raise HarnessError(f"the emulator's plugin is missing in {PLUGIN}")
        return {
            "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", "/usr/bin:/bin")]),
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(PLUGIN),
            "PYTHONUNBUFFERED": "1",
            "GATEWAY_LISTEN": address,
            "LOCALSTACK_HOST": address,
            "SQS_ENDPOINT_STRATEGY": "off",
            # Else it guesses whether it is in Docker and writes to /var/lib, where two are in each other's way.
            "OVERRIDE_IN_DOCKER": "0",
            "FILESYSTEM_ROOT": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
            "LAMBDA_RUNTIME_EXECUTOR": "local",
            "LAMBDA_RETRY_BASE_DELAY": "1",
            "HARNESS_LAMBDA_ENV": json.dumps(self.lambda_env),
            "HARNESS_LAMBDA_OVERRIDES": str(self._overrides),
            "HARNESS_ALARM_INTERVAL_S": str(self.alarm_interval_s),
            "NO_PROXY": "127.0.0.1,localhost",
            **self.settings,
        }
