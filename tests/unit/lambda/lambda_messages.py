"""Messages as AWS documents them, with the parts that a test is about as arguments."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

from tests.harness.aws_messages import alarm_message, iso, sns_record
from tests.harness.localstack import REGION

FIXTURES = Path(__file__).parent / "fixtures"
ACCOUNT = "123456789012"


def fixture(name: str) -> Any:
    """A recorded shape from the folder `fixtures`."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def arn(name: str, partition: str = "aws", region: str = REGION, account: str = ACCOUNT) -> str:
    """The ARN of an alarm."""
    return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"


def sns(*messages: Any, topic: str = "warning-alerts-topic", subject: str | None = None, **attributes: str) -> Any:
    """What Lambda receives from SNS, a record for each message; those that are no text become JSON."""
    topic_arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    given = {key: {"Type": "String", "Value": value} for key, value in attributes.items()}
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    return {
        "Records": [
            sns_record(text, topic_arn, str(uuid.uuid4()), Subject=subject, MessageAttributes=given) for text in texts
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
    return {
        **alarm_message(name, state, at, ACCOUNT, labels, "control-plane-db"),
        "AlarmConfigurationUpdatedTimestamp": iso(at - configured),
        **({"OldStateValue": old} if old else {}),
        **more,
    }
