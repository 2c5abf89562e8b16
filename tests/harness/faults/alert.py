"""An alarm's message that can be recognised in whatever is told of it."""

import json
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.harness.aws_messages import alarm_message

ALARM = "db-cpu-high"
LABELS = {"severity": "critical", "category": "database", "plane": "app", "service": "db"}


class Alert(NamedTuple):
    """The mark, by default the account's number, stands in all that is told of this alarm, and in nothing else."""

    mark: str
    message: dict[str, Any]

    def is_in(self, body: object) -> bool:
        return self.mark in (body if isinstance(body, str) else json.dumps(body))


def message(account: str, state: str, age_s: float = 0.0) -> dict[str, Any]:
    """CloudWatch's message of the database's alarm, which has changed `age_s` seconds ago."""
    return alarm_message(ALARM, state, time.time() - age_s, account, LABELS, "db")


def keep_alarm(cloudwatch: Any, description: str = "", actions: Sequence[str] = ()) -> None:
    """Let the emulator have the database's alarm; nothing but `set_state` moves it."""
    cloudwatch.put_metric_alarm(
        AlarmName=ALARM, AlarmDescription=description, AlarmActions=actions, OKActions=actions,
        Namespace="Harness", MetricName="Nothing", Statistic="Sum", Period=3600, EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold", Threshold=1.0, TreatMissingData="ignore",
    )  # fmt: skip


def set_state(cloudwatch: Any, state: str) -> None:
    """The alarm changes now, and tells its actions."""
    cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="told by the harness")
