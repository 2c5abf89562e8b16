"""From whatever woke the function to its messages: SNS, a queue that holds SNS messages, EventBridge, a redrive."""

import json
from hashlib import sha256
from typing import Any

from forwarder.notification import Record
from forwarder.text import epoch, word


def records(event: Any) -> list[Record]:
    """Every message in the event, in order. What has no known shape is one message, its own JSON."""
    if isinstance(event, dict):
        if isinstance(event.get("Records"), list):
            return [_record(item) for item in event["Records"]]
        if "requestPayload" in event and "requestContext" in event:  # an on-failure destination's envelope
            return records(event["requestPayload"])
    return [_raw(event)]


def _record(item: Any) -> Record:
    if isinstance(item, dict):
        if isinstance(item.get("Sns"), dict):
            return _sns(item["Sns"])
        if isinstance(item.get("body"), str):
            return _queued(item["body"])
    return _raw(item)


def _queued(body: str) -> Record:
    """A queue's message: SNS's envelope, or the text itself."""
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        envelope = None
    if isinstance(envelope, dict) and "Message" in envelope and "TopicArn" in envelope:
        return _sns(envelope)
    return Record(message=body, message_id=_fingerprint(body))


def _sns(sns: dict[str, Any]) -> Record:
    given = sns.get("Message")
    message = given if isinstance(given, str) else _dump(given)
    arn = word(sns.get("TopicArn"))
    return Record(
        message=message,
        subject=word(sns.get("Subject")),
        topic=arn.rpartition(":")[2],
        topic_arn=arn,
        # The id alone is not trusted to be unique: a message that differs is another message.
        message_id=word(sns.get("MessageId")) + "/" + _fingerprint(message),
        sent_at=epoch(sns.get("Timestamp")),
        attributes=_attributes(sns.get("MessageAttributes")),
    )


def _attributes(given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, dict):
        return ()
    pairs = [(word(name), word(item.get("Value"))) for name, item in given.items() if isinstance(item, dict)]
    return tuple((name, value) for name, value in pairs if name and value)


def _raw(item: Any) -> Record:
    text = item if isinstance(item, str) else _dump(item)
    return Record(message=text, message_id=_fingerprint(text))


def _dump(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return "a message that is not JSON"


def _fingerprint(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
