"""Messages as AWS documents them: an alarm's change of state, and what SNS hands to a function."""

import datetime
import json
import time
from typing import Any

from tests.harness.localstack import ACCOUNT, REGION


def alarm_message(account: str, state: str, at: datetime.datetime, name: str = "db-cpu-high") -> dict[str, Any]:
    """CloudWatch's message of the database's alarm in another account's words, as AWS documents it."""
    changed = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000"
    return {
        "AlarmName": name,
        "AlarmDescription": "CPU of db is high.\nLabels: severity=critical, category=database, plane=app, service=db",
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": "2026-01-01T00:00:00.000+0000",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 out of the last 1 datapoints [97.0 (01/01/26 00:00:00)] was greater "
        "than the threshold (80.0) (minimum 1 datapoint for OK -> ALARM transition).",
        "StateChangeTime": changed,
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
            "Dimensions": [{"value": "db", "name": "DBInstanceIdentifier"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 80.0,
            "TreatMissingData": "missing",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def sns_event(message: dict[str, Any], number: int, topic: str = "critical-alerts-topic") -> dict[str, Any]:
    """What SNS hands to a function; the same number is the same message."""
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{topic}:00000000-0000-4000-8000-{number:012}",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": f"00000000-0000-4000-9000-{number:012}",
                    "TopicArn": topic,
                    "Subject": None,
                    "Message": json.dumps(message),
                    "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                    "SignatureVersion": "1",
                    "MessageAttributes": {},
                },
            }
        ]
    }
