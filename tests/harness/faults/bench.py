"""The CloudWatch path with everything around it that can break, and the hands that break it.

Real functions under the genuine runtime client; PagerDuty, Slack and a gate before Secrets Manager are stand-ins with
faults.
"""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.harness import paths, process
from tests.harness.cloud import Cloud
from tests.harness.errors import HarnessError
from tests.harness.faults.alert import ALARM, Alert, keep_alarm, message, set_state
from tests.harness.faults.gate import SecretsGate
from tests.harness.localstack import ACCOUNT, LocalStack
from tests.harness.standins.pagerduty import PagerDuty
from tests.harness.standins.recorder import Delivery, Recorder
from tests.harness.standins.slack import UNKNOWN, Slack
from tests.harness.standins.sns_mail import SnsMailbox
from tests.harness.standins.tls import Authority
from tests.harness.terraform import Terraform, copy_repository, point_at_emulator
from tests.harness.world import random_key

ROOT = "tests/roots/faults"
PREFIX = "faults"
TOPIC = "critical-alerts-topic"
# What SNS would publish and the emulator does not, by the suffix of the alarm that looks at it.
SNS_METRICS = {
    "undelivered": "NumberOfNotificationsFailed",
    "unreadable": "NumberOfNotificationsFilteredOut-InvalidMessageBody",
}
FUNCTIONS = ("pagerduty-forwarder", "slack-forwarder")
CHANNEL, ONCALL, FALLBACK = "#critical-alerts", "mail@oncall@example.org", "mail@fallback@example.org"
RECEIVER = {"pagerduty-forwarder": "pagerduty", "slack-forwarder": CHANNEL}
# The product's alarms look at minutes. Here they look at ten seconds, so that rows do not share a ring.
PERIOD_S = 10
QUEUE_METRICS_S = "2"
REDRIVE_TIMEOUT_S = 120


class Bench:
    """Starts with the block and ends with it."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.recorder = Recorder()
        self.authority = Authority(run_dir / "tls")
        self.pagerduty = PagerDuty(self.recorder, self.authority.server_context(), [ALARM])
        self.slack = Slack(self.recorder, self.authority.server_context(), [ALARM])
        self.localstack = LocalStack(
            run_dir,
            lambda_env={"SSL_CERT_FILE": str(self.authority.ca_file)},
            alarm_interval_s=2,
            settings={"SQS_CLOUDWATCH_METRICS_REPORT_INTERVAL": QUEUE_METRICS_S},
        )
        self.gate = SecretsGate(self.localstack.url)
        names = [
            *(
                f"{PREFIX}-{function}-{what}"
                for function in FUNCTIONS
                for what in ("errors", "throttles", "undelivered")
            ),
            *(f"{PREFIX}-{TOPIC}-{what}" for what in SNS_METRICS),
        ]
        self.mailbox = SnsMailbox(self.recorder, self.localstack.url, [ALARM, *names], interval=0.5)
        self.own_alarms = names
        self.stop_listening: Callable[[], None] = lambda: None
        self._alerts = 0

    def __enter__(self) -> Self:
        self.localstack.start()
        try:
            self.mailbox.__enter__()
            self.terraform = self._root()
            self.terraform.init(readonly_lock=True)
            self.terraform.apply()
            self.cloud = Cloud(self.localstack, self.terraform)
            self.shorten_alarms()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for standin in (self.pagerduty, self.slack, self.gate):
            standin.stop()
        self.mailbox.__exit__(None, None, None)
        self.localstack.stop()

    def _root(self) -> Terraform:
        repository = copy_repository(self.run_dir / "repository")
        folder = repository / ROOT
        shutil.copytree(paths.ROOT / ROOT, folder, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        point_at_emulator(folder, self.localstack.url)
        urls = {"pagerduty_events_url": self.pagerduty.events_url, "secrets_manager_url": self.gate.url}
        return Terraform(folder, urls)

    def shorten_alarms(self) -> None:
        """Let the alarms that watch the path look at PERIOD_S seconds, and spare the emulator all others."""
        metrics = self.localstack.client("cloudwatch")
        pages = metrics.get_paginator("describe_alarms").paginate()
        others = {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]} - set(self.own_alarms)
        metrics.delete_alarms(AlarmNames=sorted(others))
        keep = (
            "AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "Namespace", "MetricName", "Dimensions",
            "Statistic", "ComparisonOperator", "Threshold", "EvaluationPeriods", "TreatMissingData",
        )  # fmt: skip
        for alarm in metrics.describe_alarms(AlarmNames=self.own_alarms)["MetricAlarms"]:
            metrics.put_metric_alarm(**{key: alarm[key] for key in keep}, Period=PERIOD_S)

    # ------------------------------------------------------------ secrets

    def fill_secrets(self) -> None:
        """New values for all, as an operator fills them; each stand-in takes the new one only."""
        key = random_key()
        self.pagerduty.accept_only(key)
        values = {"pagerduty_key": key}
        for name in self.cloud.outputs["secrets_to_fill"]:
            if name.startswith("slack_"):
                values[name] = self.slack.rotate(CHANNEL if "critical" in name else "#warnings")
        self.cloud.fill_secrets(values)

    def delete_secrets(self) -> None:
        """As somebody does by mistake: AWS keeps them for the recovery window."""
        for secret in self._secret_ids():
            self.localstack.client("secretsmanager").delete_secret(SecretId=secret, RecoveryWindowInDays=7)

    def restore_secrets(self) -> None:
        for secret in self._secret_ids():
            self.localstack.client("secretsmanager").restore_secret(SecretId=secret)

    def keep_secrets(self, seconds: float | None) -> None:
        """How long new instances take a secret for good; None is what the module says. The old ones are ended."""
        self.localstack.override_lambda_env({} if seconds is None else {"SECRET_TTL_SECONDS": str(seconds)})
        self.end_instances()

    def _secret_ids(self) -> list[str]:
        return [secret["id"] for secret in self.cloud.outputs["secrets_to_fill"].values()]

    # ------------------------------------------------------------ sending

    def alert(self, state: str = "ALARM", like: Alert | None = None, age_s: float = 0.0) -> Alert:
        """A message of CloudWatch about an alarm of its own, or about that of `like`."""
        if like is None:
            self._alerts += 1
        account = like.mark if like else f"7{self._alerts:02}000000{self._alerts:03}"
        return Alert(account, message(account, state, age_s))

    def alert_that_cloudwatch_knows(self, state: str, age_s: float = 0.0) -> Alert:
        """A message about the alarm of this account, which has that state from now on: a forwarder can ask for it."""
        client = self.localstack.client("cloudwatch")
        keep_alarm(client)
        set_state(client, state)
        told, mark = message(ACCOUNT, state, age_s), "An alarm that CloudWatch knows."
        return Alert(mark, {**told, "AlarmDescription": f"{mark} {told['AlarmDescription']}"})

    def publish(self, told: dict[str, Any] | str) -> None:
        """To the critical topic, as CloudWatch does."""
        text = told if isinstance(told, str) else json.dumps(told)
        topic = self.cloud.module["topic_arns"]["critical"]
        self.localstack.client("sns").publish(TopicArn=topic, Message=text, Subject=f'ALARM: "{ALARM}"')

    def publish_metric(self, alarm: str) -> None:
        """The datapoint that SNS would publish of the critical topic now."""
        dimensions = [{"Name": "TopicName", "Value": f"{PREFIX}-{TOPIC}"}]
        point = {"MetricName": SNS_METRICS[alarm], "Dimensions": dimensions, "Value": 1, "Unit": "Count"}
        self.localstack.client("cloudwatch").put_metric_data(Namespace="AWS/SNS", MetricData=[point])

    def hand_over(self, event: dict[str, Any]) -> None:
        """To both functions at once, past SNS, as SNS does it: it may do so twice."""
        client = self.localstack.client("lambda")
        for function in FUNCTIONS:
            client.invoke(
                FunctionName=f"{PREFIX}-{function}", InvocationType="Event", Payload=json.dumps(event).encode()
            )

    # ------------------------------------------------------------ the functions

    def end_instances(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill the functions' processes, or stop them where they are. The next event gets new ones."""
        for one in psutil.Process(self.localstack.supervisor.processes["localstack"].pid).children(recursive=True):
            try:
                if "awslambdaric" in one.cmdline():
                    one.send_signal(how)
            except psutil.Error:
                continue

    def throttle(self) -> None:
        for function in FUNCTIONS:
            self.localstack.client("lambda").put_function_concurrency(
                FunctionName=f"{PREFIX}-{function}", ReservedConcurrentExecutions=0
            )

    def unthrottle(self) -> None:
        for function in FUNCTIONS:
            self.localstack.client("lambda").delete_function_concurrency(FunctionName=f"{PREFIX}-{function}")

    def delete_functions(self) -> None:
        for function in FUNCTIONS:
            self.localstack.client("lambda").delete_function(FunctionName=f"{PREFIX}-{function}")

    # ------------------------------------------------------------ what is to be seen

    def deliveries(self, alert: Alert, receiver: str) -> list[Delivery]:
        """What this receiver has taken of the alert."""
        return [
            one
            for one in self.recorder.since()
            if one.receiver == receiver and not one.problem and alert.is_in(one.body)
        ]

    def refusals(self, alert: Alert, receiver: str) -> int:
        """How often it was offered the alert and did not take it; an old webhook's refusals are the channel's."""
        names = (receiver, UNKNOWN) if receiver == CHANNEL else (receiver,)
        return sum(
            1 for one in self.recorder.since() if one.receiver in names and one.problem and alert.is_in(one.body)
        )

    def queued(self, function: str) -> list[str]:
        """Bodies of what lies in the function's queue."""
        return [str(one["Body"]) for one in self.localstack.queued(f"{PREFIX}-{function}-undelivered")]

    def rang(self, since: float) -> list[str]:
        """Alarms that the fallback mailbox was told of, without the prefix; in order."""
        told = [
            name.removeprefix(f"{PREFIX}-")
            for one in self.recorder.since(since)
            if one.receiver == FALLBACK and one.state == "firing"
            for name in one.names
        ]
        return list(dict.fromkeys(told))

    def ringing(self) -> list[str]:
        """The path's own alarms that are not calm now."""
        alarms = self.localstack.client("cloudwatch").describe_alarms(AlarmNames=self.own_alarms)["MetricAlarms"]
        return [str(alarm["AlarmName"]) for alarm in alarms if alarm["StateValue"] == "ALARM"]

    def settle(self, watched: Collection[str], timeout_s: float = 40.0) -> None:
        """Wait until no alarm of these functions or topics rings any more. HarnessError when one does not stop."""
        deadline = time.monotonic() + timeout_s
        while ringing := [name for name in self.ringing() if any(f"-{one}-" in name for one in watched)]:
            if time.monotonic() > deadline:
                raise HarnessError(f"{', '.join(ringing)} still ring after {timeout_s:.0f} s")
            time.sleep(0.5)

    def redrive(self) -> str:
        """`alertctl redrive --yes`, as an operator runs it; what it said."""
        outputs = self.run_dir / "outputs.json"
        outputs.write_text(json.dumps(self.cloud.outputs))
        done = process.run(
            [sys.executable, "-m", "alertctl", "redrive", "--outputs", outputs, "--yes"],
            timeout_s=REDRIVE_TIMEOUT_S,
            env={**os.environ, **self.localstack.environment(), "PYTHONPATH": str(paths.ROOT / "tools")},
        )
        return done.stderr.strip() or done.stdout.strip()


def wait_for(condition: Callable[[], object], timeout_s: float, every_s: float = 0.25) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(every_s)
    return bool(found)
