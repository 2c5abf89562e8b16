"""Messages as AWS documents them, with the parts that a test is about as arguments."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"
REGION, ACCOUNT = "eu-central-1", "123456789012"


def fixture(name: str) -> Any:
    """A recorded shape from the folder `fixtures`."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def iso(at: float) -> str:
    """The time as CloudWatch writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime(at))


def arn(name: str, partition: str = "aws", region: str = REGION, account: str = ACCOUNT) -> str:
    """The ARN of an alarm."""
    return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"


def sns(*messages: Any, topic: str = "warning-alerts-topic", subject: str | None = None, **attributes: str) -> Any:
    """What Lambda receives from SNS, a record for each message; those that are no text become JSON."""
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}:00000000-0000-4000-8000-000000000001",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": str(uuid.uuid4()),
                    "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}",
                    "Subject": subject,
                    "Message": message if isinstance(message, str) else json.dumps(message),
                    "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                    "SignatureVersion": "1",
                    "MessageAttributes": {
                        key: {"Type": "String", "Value": value} for key, value in attributes.items()
                    },
                },
            }
            for message in messages
        ]
    }


def alarm(
    name: str = "control-plane-db-cpu-high",
    state: str = "ALARM",
    old: str = "",
    severity: str = "warning",
    category: str = "database",
    plane: str = "control",
    service: str = "control-plane-db",
    age: float = 0.0,
    configured: float = 86400.0,
    **more: Any,
) -> dict[str, Any]:
    """CloudWatch's message of a metric alarm that changed `age` seconds ago and was edited `configured` before that."""
    at = time.time() - age
    labels = {"severity": severity, "category": category, "plane": plane, "service": service}
    said = ", ".join(f"{key}={value}" for key, value in labels.items() if value)
    return {
        "AlarmName": name,
        "AlarmDescription": f"CPU is high.\nLabels: {said}\nRunbook: https://docs.ananta.io/runbooks/{name}",
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": iso(at - configured),
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 10 out of the last 10 datapoints [82.0 (25/11/26 03:41:00)] were greater "
        "than the threshold (80.0) (minimum 10 datapoints for OK -> ALARM transition).",
        "StateChangeTime": iso(at),
        "Region": "EU (Frankfurt)",
        "AlarmArn": arn(name),
        "OldStateValue": old or ("OK" if state == "ALARM" else "ALARM"),
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/RDS",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": None,
            "Dimensions": [{"value": "control-plane-db", "name": "DBInstanceIdentifier"}],
            "Period": 60,
            "EvaluationPeriods": 10,
            "DatapointsToAlarm": 10,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 80.0,
            "TreatMissingData": "missing",
            "EvaluateLowSampleCountPercentile": "",
        },
        **more,
    }
