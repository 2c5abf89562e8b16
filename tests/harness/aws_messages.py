"""Messages as AWS documents them: an alarm's change of state, and what SNS hands to a function."""

import time
from collections.abc import Mapping
from typing import Any

from tests.harness.localstack import REGION


def iso(at: float) -> str:
    """A time in epoch seconds as CloudWatch writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(at)) + f"{int(at % 1 * 1000):03}+0000"


def alarm_message(
    name: str, state: str, at: float, account: str, labels: Mapping[str, str], database: str
) -> dict[str, Any]:
    """CloudWatch's message of an alarm on a database's CPU that has changed at `at`, a day after it was edited."""
    said = ", ".join(f"{key}={value}" for key, value in labels.items() if value)
    return {
        "AlarmName": name,
        "AlarmDescription": f"CPU is high.\nLabels: {said}\nRunbook: https://docs.ananta.io/runbooks/{name}",
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": iso(at - 86400),
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 10 out of the last 10 datapoints [82.0 (25/11/26 03:41:00)] were greater "
        "than the threshold (80.0) (minimum 10 datapoints for OK -> ALARM transition).",
        "StateChangeTime": iso(at),
        "Region": "EU (Frankfurt)",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{account}:alarm:{name}",
        "OldStateValue": "OK" if state == "ALARM" else "ALARM",
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/RDS",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": None,
            "Dimensions": [{"value": database, "name": "DBInstanceIdentifier"}],
            "Period": 60,
            "EvaluationPeriods": 10,
            "DatapointsToAlarm": 10,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 80.0,
            "TreatMissingData": "missing",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def sns_record(message: str, topic_arn: str, message_id: str, **more: Any) -> dict[str, Any]:
    """A message as SNS hands it to a function; `more` are further fields of its own: Subject, MessageAttributes."""
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic_arn}:00000000-0000-4000-8000-000000000001",
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic_arn,
            "Subject": None,
            "Message": message,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "SignatureVersion": "1",
            "MessageAttributes": {},
            **more,
        },
    }
