"""Flow 3: a database is busy for ten minutes; its team hears of it, and of its end, by CloudWatch, SNS and Lambda."""

import datetime
import time
from collections.abc import Iterable
from typing import Any

from tests.harness.errors import HarnessError
from tests.harness.flows import Expectation, Outcome, compare, expectation
from tests.harness.stack import Stack
from tests.harness.standins.recorder import Delivery, Told, texts, told
from tests.harness.timeline import Timeline, first_told

DATABASE = "control-plane-db"
ALARM = "control-plane-db-cpu-high"
BUSY, CALM = 82.0, 20.0
BUSY_MINUTES = range(1, 11)  # minutes ago
CALM_MINUTES = range(11, 13)  # before that, so that the alarm is OK when the trouble begins


def database_cpu(stack: Stack, timeline: Timeline, quiet_s: float = 6.0, timeout_s: float = 120.0) -> Outcome:
    """Report a busy database, minute by minute, until its alarm has been told; then a calm one."""
    if stack.cloud is None:
        raise HarnessError("this flow needs AWS: use with_aws")
    expected = expectation("database-cpu")
    recorder, metrics = stack.world.recorder, stack.cloud.localstack.client("cloudwatch")
    before = len(stack.world.pagerduty.incidents())
    make_calm(stack, metrics, expected, timeout_s)

    began = time.time()
    put(metrics, BUSY, BUSY_MINUTES)
    timeline.note(f"PutMetricData: CPUUtilization of {DATABASE} was {BUSY:.0f} % for 10 minutes", "CloudWatch")
    recorder.wait_until(lambda seen: expected.facts("firing") <= set(told(seen)), timeout_s, since=began)
    timeline.note(f"{ALARM} is {state(metrics)}", "CloudWatch")
    recorder.wait_quiet(quiet_s, timeout=quiet_s * 5)

    put(metrics, CALM, [0])
    timeline.note(f"PutMetricData: CPUUtilization of {DATABASE} is {CALM:.0f} %", "CloudWatch")
    recorder.wait_until(lambda seen: expected.facts("resolved") <= set(told(seen)), timeout_s, since=began)
    recorder.wait_quiet(quiet_s, timeout=quiet_s * 5)

    incidents = len(stack.world.pagerduty.incidents()) - before
    deliveries = recorder.since(began)
    difference, problems = compare(expected, deliveries, ("firing", "resolved"), incidents)
    return Outcome(expected, difference, problems + missing_content(deliveries), _facts(deliveries, began))


def make_calm(stack: Stack, metrics: Any, expected: Expectation, timeout_s: float) -> None:
    """Data before the trouble: the new alarm goes from no data to OK, which its team hears once, as no recovery."""
    if state(metrics) == "OK":
        return
    began = time.time()
    put(metrics, CALM, CALM_MINUTES)
    stack.world.recorder.wait_until(lambda seen: expected.facts("resolved") <= set(told(seen)), timeout_s, since=began)


def put(metrics: Any, value: float, minutes_ago: Iterable[int]) -> None:
    """One datapoint of the database's CPU for each of the minutes."""
    now = datetime.datetime.now(datetime.UTC)
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": DATABASE}]
    points = [
        {
            "MetricName": "CPUUtilization",
            "Dimensions": dimensions,
            "Timestamp": now - datetime.timedelta(minutes=ago),
            "Value": value,
            "Unit": "Percent",
        }
        for ago in minutes_ago
    ]
    metrics.put_metric_data(Namespace="AWS/RDS", MetricData=points)


def state(metrics: Any) -> str:
    """The alarm's state now."""
    return str(metrics.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]["StateValue"])


def missing_content(deliveries: list[Delivery]) -> list[str]:
    """What Example 3 of the architecture promises and the Slack message does not hold."""
    message = next((d.body for d in deliveries if d.receiver == "#database-alerts" and d.state == "firing"), None)
    if message is None:
        return ["#database-alerts got no message"]
    said = "\n".join(texts(message)) if not isinstance(message, str) else message
    wanted = {
        "the alarm's name": ALARM,
        "the current value": "82",
        "the threshold": "80",
        "the link to CloudWatch": "console.aws.amazon.com/cloudwatch",
        "the link to Grafana": "grafana.ananta.io",
    }
    return [f"the Slack message lacks {what} ({text})" for what, text in wanted.items() if text not in said]


def _facts(deliveries: list[Delivery], began: float) -> dict[str, str]:
    heard = first_told(deliveries, Told("#database-alerts", ALARM))
    return {"from the datapoints to Slack": f"{heard - began:.1f} s"} if heard else {}
