"""What the forwarders are measured beside: the same alarm told by boto3 and urllib.request, as such notifiers do it.

It does less: no routing, no retries, no order, one record, and a short message.
"""

import json
import logging
import os
import urllib.request
from typing import Any

import boto3

logging.getLogger().setLevel(logging.INFO)
secrets: Any = boto3.client("secretsmanager")


def pagerduty(event: Any, context: Any) -> dict[str, int]:
    """Lambda's handler: a page for a CloudWatch alarm."""
    alarm = json.loads(event["Records"][0]["Sns"]["Message"])
    key = secrets.get_secret_value(SecretId=os.environ["SECRET_ID"])["SecretString"]
    body = {
        "routing_key": key,
        "event_action": "trigger" if alarm["NewStateValue"] == "ALARM" else "resolve",
        "dedup_key": alarm["AlarmArn"],
        "payload": {
            "summary": f"{alarm['AlarmName']}: {alarm['NewStateReason']}"[:1024],
            "source": alarm["AlarmArn"][:255],
            "severity": "critical",
            "custom_details": {"description": alarm["AlarmDescription"], "region": alarm["Region"]},
        },
    }
    return post(os.environ["PAGERDUTY_EVENTS_URL"], body)


def slack(event: Any, context: Any) -> dict[str, int]:
    """Lambda's handler: a message for a CloudWatch alarm."""
    alarm = json.loads(event["Records"][0]["Sns"]["Message"])
    webhook = secrets.get_secret_value(SecretId=os.environ["SECRET_ID"])["SecretString"]
    fields = [
        {"title": name, "value": alarm[key], "short": False}
        for name, key in (("Description", "AlarmDescription"), ("Reason", "NewStateReason"), ("Region", "Region"))
    ]
    text = f"{alarm['AlarmName']}: {alarm['OldStateValue']} → {alarm['NewStateValue']}"
    return post(webhook, {"text": text, "attachments": [{"color": "danger", "fallback": text, "fields": fields}]})


def post(url: str, body: dict[str, Any]) -> dict[str, int]:
    """Raises HTTPError unless it is taken."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
        logging.getLogger().info("told, %s", answer.status)
        return {"status": answer.status}
