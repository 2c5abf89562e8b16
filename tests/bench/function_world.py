"""What a forwarder talks to while it is measured, all over TLS under one authority, and what is measured beside it."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.bench.quota import Quota
from tests.harness import bootstrap, paths, process
from tests.harness.aws_messages import sns_record
from tests.harness.errors import HarnessError
from tests.harness.faults import alert
from tests.harness.localstack import PLUGIN, REGION
from tests.harness.standins import aws
from tests.harness.standins.pagerduty import PagerDuty
from tests.harness.standins.recorder import Recorder
from tests.harness.standins.slack import Slack
from tests.harness.standins.tls import Authority
from tests.harness.world import random_key

sys.path.insert(0, str(PLUGIN))  # as the emulator sees it
from harness_emulator.sandbox import Event, Sandbox

HERE = Path(__file__).parent / "function"
CHANNEL = "#critical-alerts"
SECRETS = {"pagerduty": "bench/pagerduty-key", "slack": "bench/slack-critical-webhook"}
TIMEOUT_S = 120
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:measured"


class Function(NamedTuple):
    """Something that tells an alarm: a handler in a folder, with its environment."""

    name: str  # pagerduty | slack
    folder: Path
    handler: str
    environment: Mapping[str, str]


class Run(NamedTuple):
    """One process from its start to its end. CPU and wall in ms; `warm_ms` is CPU of each invocation but the first."""

    cpu_ms: float
    wall_ms: float
    warm_ms: list[float]
    peak_mb: float


def runtime() -> Path:
    """The Python with what Lambda's runtime brings, compiled as there: the function's own code is not."""
    python = bootstrap.venv("lambda")
    process.run([python, "-m", "compileall", "-q", python.parents[1] / "lib"], timeout_s=TIMEOUT_S)
    return python


class FunctionWorld:
    """Starts with the block and ends with it. `keep_alive`: PagerDuty and Slack keep connections open."""

    def __init__(self, run_dir: Path, keep_alive: bool = True) -> None:
        self.python = runtime()
        self.run_dir = run_dir
        authority = Authority(run_dir / "tls")
        self.recorder = Recorder()
        self.pagerduty = PagerDuty(self.recorder, authority.server_context(), keep_alive=keep_alive)
        self.slack = Slack(self.recorder, authority.server_context(), keep_alive=keep_alive)
        self.secrets = aws.SecretsManager(authority.server_context())
        key = random_key()
        self.pagerduty.accept_only(key)
        self.secrets[SECRETS["pagerduty"]] = key
        self.secrets[SECRETS["slack"]] = self.slack.webhook(CHANNEL)
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "en_US.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",  # Lambda cannot write beside a function's code either
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(authority.ca_file),
            "AWS_CA_BUNDLE": str(authority.ca_file),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.secrets.url,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "PAGERDUTY_EVENTS_URL": self.pagerduty.events_url,
            **aws.CREDENTIALS,
        }
        self.event = run_dir / "event.json"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for standin in (self.pagerduty, self.slack, self.secrets):
            standin.stop()

    def forwarder(self, name: str) -> Function:
        """The package that is deployed."""
        folder = self.run_dir / f"{name}-forwarder"
        if not folder.exists():
            with zipfile.ZipFile(paths.ROOT / f"lambda_src/dist/{name}-forwarder.zip") as package:
                package.extractall(folder)
        row = {"s": ["critical"], "t": "critical", "pd": SECRETS["pagerduty"], "sl": SECRETS["slack"], "ch": CHANNEL}
        environment = {**self.environment, "ROUTING": json.dumps([row], separators=(",", ":"))}
        return Function(name, folder, f"{name}_forwarder.lambda_handler", environment)

    def notifier(self, name: str) -> Function:
        """The same work done with boto3."""
        folder = self.run_dir / "boto3-notifier"
        folder.mkdir(exist_ok=True)
        shutil.copy(HERE / "boto3_notifier.py", folder)
        return Function(name, folder, f"boto3_notifier.{name}", {**self.environment, "SECRET_ID": SECRETS[name]})

    @staticmethod
    def fresh_event() -> dict[str, Any]:
        """An alarm of this moment: one older than a minute would be looked up first."""
        told = alert.message("123456789012", "ALARM")
        topic = f"arn:aws:sns:{REGION}:123456789012:critical-alerts-topic"
        return {"Records": [sns_record(json.dumps(told), topic, "00000000-0000-4000-9000-000000000001")]}

    def run(self, function: Function, times: int = 1) -> Run:
        """A fresh process that tells the alarm `times` times. HarnessError unless each one was taken."""
        before = len(self.recorder.since())
        self.event.write_text(json.dumps(self.fresh_event()))
        command = [self.python, HERE / "invoke.py", function.folder, function.handler, self.event, times]
        log = self.run_dir / f"{function.handler}.log"
        with log.open("w") as output:
            began = time.monotonic()
            started = subprocess.Popen(
                [str(word) for word in command], env=function.environment, stdout=output, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, cwd=self.run_dir,
            )  # fmt: skip
            _, status, spent = os.wait4(started.pid, 0)
            wall = time.monotonic() - began
        started.returncode = os.waitstatus_to_exitcode(status)
        self.check(function, before, times, started.returncode == 0, log)
        told = json.loads(log.read_text().splitlines()[-1])
        cpu = spent.ru_utime + spent.ru_stime
        return Run(cpu * 1000, wall * 1000, told["warm_ms"], told["peak_kb"] / 1000)

    def run_in_lambda(self, function: Function) -> float:
        """Wall ms from the start of a runtime with the CPU of 128 MB to the answer. HarnessError unless it was told."""
        before = len(self.recorder.since())
        log = self.run_dir / f"{function.handler}-in-lambda.log"
        sandbox = Sandbox(
            function.handler, function.folder, function.environment, log, TIMEOUT_S, str(self.python)
        )  # fmt: skip
        try:
            with Quota(sandbox.process.pid):
                event = Event("00000000-0000-4000-8000-000000000001", ARN, "Root=1", json.dumps(self.fresh_event()))
                answer = sandbox.invoke(event)
                wall = time.monotonic() - sandbox.began
        finally:
            sandbox.kill()
        self.check(function, before, 1, not answer.is_error, log)
        return wall * 1000

    def check(self, function: Function, before: int, times: int, ended_well: bool, log: Path) -> None:
        """What is not told costs nothing: the receiver must have taken every message."""
        taken = [one for one in self.recorder.since()[before:] if not one.problem]
        if not ended_well or len(taken) != times:
            raise HarnessError(f"{function.handler} told {len(taken)} of {times} alarms", log)
