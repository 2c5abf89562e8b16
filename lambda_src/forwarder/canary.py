"""The canary: an alarm that path-watch lets ring every few minutes. It must come through, and it reaches nobody."""

import time

from forwarder import secrets
from forwarder.log import log
from forwarder.notification import Record
from forwarder.parse import as_json
from forwarder.post import Trouble
from forwarder.settings import Settings
from forwarder.text import mapping


def is_canary(record: Record, settings: Settings) -> bool:
    """True for CloudWatch's message that exactly this alarm rings; whatever differs is an alert and is delivered."""
    arn = settings.canary
    if not arn or arn not in record.message:
        return False
    told = mapping(as_json(record.message))
    name = arn.split(":", 6)[-1]
    return [told.get(key) for key in ("AlarmArn", "AlarmName", "NewStateValue")] == [arn, name, "ALARM"]


def hear(record: Record, service: str, settings: Settings, until: float) -> None:
    """Logs the line that a metric filter counts, if the secrets of `service` can be read until then. Raises nothing.

    One that nobody has filled yet is path-watch's to name. A canary that fails is not kept: the next one is on its way.
    """
    try:
        for row in settings.rows:
            if secret := getattr(row, service):
                try:
                    secrets.value(secret, settings.secret_ttl, until - time.monotonic())
                except secrets.Unfilled:
                    continue
    except Trouble as problem:
        log("error", "canary died", service=service, topic=record.topic, reason=problem.reason)
        return
    log("info", "canary", service=service, topic=record.topic)
