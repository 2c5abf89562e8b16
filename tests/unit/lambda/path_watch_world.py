"""SNS, CloudWatch, Secrets Manager and Logs as path-watch asks them, on one port, and path-watch itself.

They answer in AWS' shapes, take only signed requests, and know only the actions that path-watch's role allows.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from lambda_world import ACCOUNT, Forwarder

from tests.harness.standins.aws import Service
from tests.harness.standins.https import Answer, Request

REGION = "eu-central-1"
KEYS = ("critical", "warning", "slo", "infrastructure", "fallback")
TOPICS = {key: f"arn:aws:sns:{REGION}:{ACCOUNT}:ananta-{key}-topic" for key in KEYS}
FUNCTIONS = [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ananta-{name}-forwarder" for name in ("pagerduty", "slack")]
CANARY_NAME = "ananta-canary"
CANARY = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{CANARY_NAME}"
ONCALL, DATABASE_TEAM = "oncall@ananta.io", "database-team@ananta.io"
SECRET = "ananta/pagerduty-key"
EVENT: dict[str, Any] = {"mail": {"critical": [ONCALL], "fallback": [ONCALL]}, "secrets": [SECRET]}
LOG_GROUP = "/aws/lambda/ananta-path-watch"
PAGE = 2


class Published(NamedTuple):
    """One message that SNS has taken."""

    topic: str
    subject: str
    message: str


class Sns(Service):
    """ListSubscriptionsByTopic in pages of two, and Publish."""

    service = "sns"

    def __init__(self) -> None:
        super().__init__()
        self.subscriptions: dict[str, list[tuple[str, str, str]]] = {arn: [] for arn in TOPICS.values()}
        self.published: list[Published] = []
        for key, arn in TOPICS.items():
            for function in FUNCTIONS if key != "fallback" else ():
                self.subscribe(arn, function, "lambda")
        for key in EVENT["mail"]:
            self.subscribe(TOPICS[key], ONCALL)

    def subscribe(self, topic: str, endpoint: str, protocol: str = "email", state: str = "") -> None:
        """`state`: what stands in place of the ARN, PendingConfirmation or Deleted."""
        self.unsubscribe(topic, endpoint)
        known = self.subscriptions[topic]
        known.append((protocol, endpoint, state or f"{topic}:00000000-0000-4000-8000-{len(known):012}"))

    def unsubscribe(self, topic: str, endpoint: str) -> None:
        self.subscriptions[topic] = [one for one in self.subscriptions[topic] if one[1] != endpoint]

    def reply(self, request: Request) -> Answer:
        form = {key: values[0] for key, values in parse_qs(request.body.decode(), strict_parsing=True).items()}
        assert form["Version"] == "2010-03-31"
        if form["TopicArn"] not in self.subscriptions:
            return Answer(404, "<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>")
        if form["Action"] == "Publish":
            assert 0 < len(form["Subject"]) <= 100
            assert form["Subject"].isascii()
            assert "\n" not in form["Subject"]
            assert len(form["Message"].encode()) <= 256 * 1024
            self.published.append(Published(form["TopicArn"], form["Subject"], form["Message"]))
            return Answer(
                200, "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
            )
        assert form["Action"] == "ListSubscriptionsByTopic"
        first = int(form.get("NextToken", "0"))
        listed = self.subscriptions[form["TopicArn"]]
        members = "".join(
            f"<member><TopicArn>{form['TopicArn']}</TopicArn><Protocol>{protocol}</Protocol>"
            f"<SubscriptionArn>{arn}</SubscriptionArn><Owner>{ACCOUNT}</Owner><Endpoint>{escape(endpoint)}</Endpoint></member>"
            for protocol, endpoint, arn in listed[first : first + PAGE]
        )
        more = f"<NextToken>{first + PAGE}</NextToken>" if len(listed) > first + PAGE else ""
        return Answer(
            200,
            '<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
            f"<ListSubscriptionsByTopicResult><Subscriptions>{members}</Subscriptions>{more}"
            "</ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>",
        )


class Alarms(Service):
    """SetAlarmState for the canary, and DescribeAlarms for those that ring, in pages."""

    service = "monitoring"

    def __init__(self) -> None:
        super().__init__()
        self.states: list[tuple[str, str]] = []
        self.ringing: list[str] = []  # as XML

    def ring(self, name: str, seconds: float, inner: str = "", actions: tuple[str, ...] = (TOPICS["warning"],)) -> str:
        """The alarm's ARN; it rings since so many seconds. `inner` is put into its description by CloudWatch."""
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
        at = datetime.datetime.fromtimestamp(time.time() - seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        listed = "".join(f"<member>{action}</member>" for action in actions)
        self.ringing.append(
            f"<AlarmName>{escape(name)}</AlarmName><AlarmArn>{escape(arn)}</AlarmArn><StateValue>ALARM</StateValue>"
            f"<StateUpdatedTimestamp>{at}</StateUpdatedTimestamp>"
            f"<StateTransitionedTimestamp>{at}</StateTransitionedTimestamp><AlarmActions>{listed}</AlarmActions>"
            f"<AlarmConfigurationUpdatedTimestamp>2026-01-01T00:00:00.000Z</AlarmConfigurationUpdatedTimestamp>"
            f"<OKActions/>{inner if '<ActionsEnabled>' in inner else f'<ActionsEnabled>true</ActionsEnabled>{inner}'}"
        )
        return arn

    def reply(self, request: Request) -> Answer:
        form = {key: values[0] for key, values in parse_qs(request.body.decode(), strict_parsing=True).items()}
        assert form["Version"] == "2010-08-01"
        if form["Action"] == "SetAlarmState":
            assert form["StateReason"]
            assert form["AlarmName"] == CANARY_NAME
            self.states.append((form["AlarmName"], form["StateValue"]))
            return Answer(200, "<SetAlarmStateResponse><ResponseMetadata/></SetAlarmStateResponse>")
        assert (form["Action"], form["StateValue"]) == ("DescribeAlarms", "ALARM")
        assert {form["AlarmTypes.member.1"], form["AlarmTypes.member.2"]} == {"MetricAlarm", "CompositeAlarm"}
        first = int(form.get("NextToken", "0"))
        page = self.ringing[first : first + PAGE]
        kinds = {"CompositeAlarms": "", "MetricAlarms": ""}
        for one in page:
            kinds["CompositeAlarms" if "<AlarmRule>" in one else "MetricAlarms"] += f"<member>{one}</member>"
        more = f"<NextToken>{first + PAGE}</NextToken>" if len(self.ringing) > first + PAGE else ""
        alarms = "".join(f"<{kind}>{members}</{kind}>" for kind, members in kinds.items())
        return Answer(
            200,
            '<DescribeAlarmsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">'
            f"<DescribeAlarmsResult>{alarms}{more}</DescribeAlarmsResult></DescribeAlarmsResponse>",
        )


class Secrets(Service):
    """DescribeSecret; a value is asked for by nobody here."""

    service = "secretsmanager"

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, dict[str, Any]] = {}
        self.fill(SECRET)

    def fill(self, secret: str) -> None:
        self.secrets[secret] = {"VersionIdsToStages": {"a": ["AWSPREVIOUS"], "b": ["AWSCURRENT"]}}

    def reply(self, request: Request) -> Answer:
        assert request.headers["x-amz-target"] == "secretsmanager.DescribeSecret"
        secret = json.loads(request.body)["SecretId"]
        if secret not in self.secrets:
            return Answer(400, json.dumps({"__type": "ResourceNotFoundException", "Message": "can't find it"}))
        return Answer(200, json.dumps({"Name": secret, **self.secrets[secret]}))


class Logs(Service):
    """FilterLogEvents over what the function has printed, in pages, of which AWS' may be empty."""

    service = "logs"

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[float, str]] = []

    def reply(self, request: Request) -> Answer:
        assert request.headers["x-amz-target"] == "Logs_20140328.FilterLogEvents"
        asked = json.loads(request.body)
        assert asked["logGroupName"] == LOG_GROUP
        assert asked["filterPattern"] == '{ ($.outcome = "told") || ($.outcome = "reminded") }'
        matching = [
            {"timestamp": int(at * 1000), "message": line + "\n", "logStreamName": "x", "eventId": "1"}
            for at, line in self.events
            if at * 1000 >= asked["startTime"] and json.loads(line)["outcome"] in ("told", "reminded")
        ]
        if "nextToken" not in asked:
            return Answer(200, json.dumps({"events": [], "nextToken": "0"}))
        first = int(asked["nextToken"])
        more = {"nextToken": str(first + PAGE)} if len(matching) > first + PAGE else {}
        return Answer(200, json.dumps({"events": matching[first : first + PAGE], **more}))


class PathWatch:
    """The function, whose every run is a new instance: what it remembers is in its log."""

    def __init__(
        self, environment: Callable[[], dict[str, str]], logs: Logs, read: Callable[[], str], folder: str
    ) -> None:
        self._environment, self._logs, self._read, self._folder = environment, logs, read, folder

    def run(self, event: Any = EVENT, after: float = 0.0) -> Any:
        """One round, after so many seconds in which nothing has happened; gives what it returns."""
        self._logs.events = [(at - after, line) for at, line in self._logs.events]
        try:
            return Forwarder("path_watch.handler", self._environment, self._folder).receive(event)
        finally:
            self._logs.events += [(time.time(), line) for line in self._read().splitlines() if line.startswith("{")]
