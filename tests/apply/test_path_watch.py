"""path-watch as it was applied: it runs, names who does not hear, and its canary goes all the way and reaches nobody.

The tests are one story in their order: pending addresses, the canary, a broken forwarder, an address that changes.
"""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.apply.conftest import Account, applied
from tests.harness import terraform
from tests.harness.localstack import LocalStack
from tests.harness.standins.https import Answer, HttpStandin, Request
from tests.harness.terraform import Terraform

ONCALL, FALLBACK, MOVED = "oncall@example.org", "fallback@example.org", "night@example.org"
SCHEDULES_S = 10
TOPICS = ("critical-alerts", "warning-alerts", "slo-violations", "infrastructure-alerts")


class Destination(HttpStandin):
    """PagerDuty and Slack in one: takes whatever it is told, and remembers it."""

    def answer(self, request: Request) -> Answer:
        return Answer(202, "{}") if request.path == "/v2/enqueue" else Answer(200, "ok")

    def faulted(self, request: Request, problem: str) -> None:
        """Nothing fails here."""


def settings(destination: Destination, oncall: str = ONCALL, email: bool = True) -> dict[str, Any]:
    return {
        "platform": {
            "name": "watched",
            "planes": {"app": {}},
            "services": {"web": {"plane": "app", "probes": [{"http": "http://web:80/"}]}},
            "severities": {
                "critical": {"pagerduty": "pagerduty_key", "slack": "#alerts", "email": oncall},
                "warning": {"slack": "#alerts", "email": oncall},
            },
            "databases": {"db": {"plane": "app", "identifier": "db", "alarms": {"cpu-high": {"severity": "critical"}}}},
        },
        "pagerduty_events_url": f"{destination.url}/v2/enqueue",
        "secrets": {"recovery_window_days": 0},
        "cloudwatch": {
            "email": email,
            "fallback": {"emails": [FALLBACK]},
            "path_watch": {"interval_minutes": 1},
        },
    }


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    schedules = {"HARNESS_SCHEDULES_S": str(SCHEDULES_S)}
    with LocalStack(tmp_path_factory.mktemp("emulator"), alarm_interval_s=3600, settings=schedules) as running:
        yield running


@pytest.fixture(scope="module")
def destination() -> Iterator[Destination]:
    with Destination() as listening:
        yield listening


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, emulator: LocalStack, destination: Destination) -> Terraform:
    root = terraform.copy_repository(tmp_path_factory.mktemp("watched"))  # apart: it gets a provider block of its own
    return applied(root, emulator, settings(destination), region=emulator.region)


class PathWatch:
    """The function that was applied, and what comes of it."""

    def __init__(self, deployment: Terraform, emulator: LocalStack) -> None:
        self.outputs = deployment.output()
        self.emulator = emulator
        self.account = Account(emulator, emulator.region)
        self.name = self.outputs["path_watch"]["function_name"]
        self.rule = self.outputs["path_watch"]["rule_name"]
        (self.target,) = self.account.client("events").list_targets_by_rule(Rule=self.rule)["Targets"]

    def stop_its_rule(self) -> None:
        """From here on it runs when a test says so. (The emulator goes on with a rule that is disabled.)"""
        self.account.client("events").remove_targets(Rule=self.rule, Ids=[self.target["Id"]])

    def run(self) -> dict[str, Any]:
        """One round by hand, with what its rule hands over; its answer."""
        said = self.account.client("lambda").invoke(FunctionName=self.name, Payload=self.target["Input"].encode())
        answer = json.load(said["Payload"])
        assert "FunctionError" not in said, answer
        found: dict[str, Any] = answer
        self._wait_for_its_log(said["ResponseMetadata"]["RequestId"])
        return found

    def _wait_for_its_log(self, request_id: str) -> None:
        """The function's memory; it comes a moment later, and the rounds are minutes apart."""
        wait_for(lambda: any(f"END RequestId: {request_id}" in line for line in self.emulator.function_log(self.name)))

    def log(self, outcome: str, function: str = "") -> list[dict[str, Any]]:
        lines = self.emulator.function_log(function or self.name)
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in told if line.get("outcome") == outcome]

    def mails(self) -> list[tuple[str, str]]:
        """Address and text of every mail that SNS has sent, without those of alarms whose first state is no news."""
        return [
            (address, mail["Body"]["text_part"])
            for mail in self.emulator.mails()
            for address in mail["Destination"]["ToAddresses"]
            if '"OldStateValue": "INSUFFICIENT_DATA"' not in mail["Body"]["text_part"]
        ]

    def canaries(self, dimension: str) -> float:
        """How many were counted, "Function=slack" say, since the beginning."""
        name, _, value = dimension.partition("=")
        now = time.time()
        points = self.account.client("cloudwatch").get_metric_statistics(
            Namespace=self.outputs["path_watch"]["metric_namespace"], MetricName="Canary",
            Dimensions=[{"Name": name, "Value": value}],
            StartTime=now - 3600, EndTime=now + 60, Period=3600, Statistics=["Sum"],
        )["Datapoints"]  # fmt: skip
        return float(sum(point["Sum"] for point in points))

    def all_canaries(self) -> dict[str, float]:
        legs = ["Function=pagerduty", "Function=slack", *(f"Topic=watched-{topic}-topic" for topic in TOPICS)]
        return {leg: self.canaries(leg) for leg in legs}

    def confirm(self, topic: str, address: str) -> None:
        """As the guide says it."""
        listing = f"{self.emulator.url}/_aws/sns/subscription-tokens/"
        sns = self.account.client("sns")
        for one in self.account.subscriptions("email"):
            if one["TopicArn"] == self.outputs["topic_arns"][topic] and one["Endpoint"] == address:
                with urllib.request.urlopen(listing + one["SubscriptionArn"], timeout=10) as answer:
                    token = json.load(answer)["subscription_token"]
                sns.confirm_subscription(TopicArn=one["TopicArn"], Token=token, AuthenticateOnUnsubscribe="true")


def wait_for(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def path_watch(deployment: Terraform, emulator: LocalStack) -> PathWatch:
    return PathWatch(deployment, emulator)


def test_its_rule_runs_it(path_watch: PathWatch) -> None:
    wait_for(lambda: path_watch.log("nobody to tell"), SCHEDULES_S * 3)

    path_watch.stop_its_rule()
    found = {(line["what"], line["who"], line.get("where", "")) for line in path_watch.log("found")}
    assert found == {
        *(("pending", ONCALL, f"watched-{topic}-topic") for topic in ("critical-alerts", "warning-alerts")),
        ("pending", FALLBACK, "watched-fallback-topic"),
        ("unfilled", "watched/pagerduty-key", ""),
        ("unfilled", "watched/slack-critical-webhook", ""),
    }


def test_its_role_names_what_it_looks_at_and_nothing_more(path_watch: PathWatch) -> None:
    told, iam = path_watch.outputs, path_watch.account.client("iam")
    names = {"RoleName": f"watched-path-watch-{path_watch.emulator.region}", "PolicyName": "watch-the-alert-path"}
    statements = iam.get_role_policy(**names)["PolicyDocument"]["Statement"]
    allowed = {one["Sid"]: one["Resource"] for one in statements}

    canary, secrets = allowed.pop("LetTheCanaryRing"), allowed.pop("SeeWhetherSecretsAreFilledNotWithWhat")
    assert canary == told["alarm_arns"][told["path_watch"]["canary_name"]]
    assert set(secrets) == set(told["secret_arns"].values())
    assert set(allowed.pop("SeeWhoListens")) == set(told["topic_arns"].values())
    assert set(allowed.pop("TellWhatItHasFound")) == {told["topic_arns"][key] for key in ("fallback", "warning")}
    assert allowed.pop("UseTheKeyOfTheTopics") == told["key_arn"]
    assert allowed.pop("WriteAndReadItsOwnLog").endswith(":log-group:/aws/lambda/watched-path-watch:*")
    assert allowed == {}


def test_the_fallback_topic_names_who_does_not_hear_and_what_is_empty_once(path_watch: PathWatch) -> None:
    path_watch.confirm("fallback", FALLBACK)

    path_watch.run()
    path_watch.run()

    ((address, text),) = path_watch.mails()
    assert address == FALLBACK
    assert f"- {ONCALL} has not confirmed and hears nothing of watched-critical-alerts-topic, watched-warn" in text
    assert (
        "- the secret watched/pagerduty-key has no value\n- the secret watched/slack-critical-webhook has no value"
        in text
    )
    assert "--authenticate-on-unsubscribe true" in text


def test_what_is_filled_and_confirmed_is_named_no_more(path_watch: PathWatch, destination: Destination) -> None:
    for name, value in (("pagerduty-key", "R" * 32), ("slack-critical-webhook", f"{destination.url}/services/hook")):
        path_watch.account.client("secretsmanager").put_secret_value(SecretId=f"watched/{name}", SecretString=value)
    path_watch.confirm("critical", ONCALL)

    assert path_watch.run() == {"findings": 1}
    path_watch.confirm("warning", ONCALL)
    assert path_watch.run() == {"findings": 0}

    (_, again) = path_watch.mails()
    assert again == (FALLBACK, "Everybody is subscribed, and every secret is filled.")


def test_the_canary_is_counted_on_every_leg_and_reaches_nobody(path_watch: PathWatch, destination: Destination) -> None:
    mails, before = path_watch.mails(), path_watch.all_canaries()

    path_watch.run()
    expected = {leg: count + (4 if leg.startswith("Function") else 2) for leg, count in before.items()}
    wait_for(lambda: path_watch.all_canaries() == expected)

    assert destination.requests == []
    assert path_watch.mails() == mails
    # The same destinations, by the same topic, hear an alarm.
    path_watch.account.client("cloudwatch").set_alarm_state(
        AlarmName="db-cpu-high", StateValue="OK", StateReason="So that its state is known"
    )
    path_watch.account.client("cloudwatch").set_alarm_state(
        AlarmName="db-cpu-high", StateValue="ALARM", StateReason="Threshold Crossed: [97.0 (01/01/26 00:00:00)]"
    )
    wait_for(lambda: {request.path for request in destination.requests} == {"/v2/enqueue", "/services/hook"})
    wait_for(lambda: path_watch.mails()[len(mails) :])
    assert [address for address, _ in path_watch.mails()[len(mails) :]] == [ONCALL]


def test_a_canary_that_a_forwarder_cannot_take_is_missing_for_it_alone(path_watch: PathWatch) -> None:
    before = path_watch.all_canaries()
    functions = path_watch.account.client("lambda")
    functions.put_function_concurrency(FunctionName="watched-slack-forwarder", ReservedConcurrentExecutions=0)

    path_watch.run()
    wait_for(lambda: path_watch.canaries("Function=pagerduty") == before["Function=pagerduty"] + 4)

    after = path_watch.all_canaries()
    assert after["Function=slack"] == before["Function=slack"]
    assert all(after[leg] > before[leg] for leg in after if leg.startswith("Topic"))


def test_an_unconfirmed_address_hinders_neither_its_change_nor_its_end(
    path_watch: PathWatch, deployment: Terraform, destination: Destination
) -> None:
    # The subscriptions alone, or it would take minutes; the rest is destroyed and applied again elsewhere.
    mail = ["module.topics[0].aws_sns_topic_subscription.email"]
    moved = Terraform(deployment.folder, settings(destination, MOVED))
    moved.apply(targets=mail)
    back = Terraform(deployment.folder, settings(destination))
    back.apply(targets=mail)

    path_watch.run()

    _, text = path_watch.mails()[-1]
    assert f"- {MOVED} was asked to confirm watched-critical-alerts-topic, watched-warning-alerts-topic and is" in text
    assert f"- {ONCALL} has not confirmed and hears nothing of watched-critical-alerts-topic, watched-warn" in text
    assert "AWS drops it by itself" in text
    gone = Terraform(deployment.folder, settings(destination, email=False))
    gone.apply(targets=mail)
    assert not [address for address in gone.resources() if address.startswith(mail[0])]
    again = Terraform(deployment.folder, settings(destination))
    again.apply(targets=mail)
    assert len([address for address in again.resources() if address.startswith(mail[0])]) == 2
