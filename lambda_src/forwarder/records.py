"""From whatever woke the function to its messages: SNS, a queue that holds SNS messages, EventBridge, a redrive."""

import json
from hashlib import sha256
from typing import Any

from forwarder.notification import Record
from forwarder.text import epoch, mapping, word


def records(event: Any) -> list[Record]:
    """Every message in the event, in order. What has no known shape is one message, its own JSON."""
    if isinstance(event, dict):
        if isinstance(event.get("Records"), list):
            return [_record(item) for item in event["Records"]]
        if "requestPayload" in event and "requestContext" in event:  # an on-failure destination's envelope
            return records(event["requestPayload"])
    return [Record(_text(event))]


def _record(item: Any) -> Record:
    fields = mapping(item)
    if isinstance(fields.get("Sns"), dict):
        return _sns(fields["Sns"])
    return _queued(fields["body"]) if isinstance(fields.get("body"), str) else Record(_text(item))


def _queued(body: str) -> Record:
    """A queue's message: SNS's envelope, or the text itself."""
    try:
        envelope = mapping(json.loads(body))
    except (ValueError, RecursionError):
        envelope = {}
    return _sns(envelope) if "Message" in envelope and "TopicArn" in envelope else Record(body)


def _sns(sns: dict[str, Any]) -> Record:
    message = _text(sns.get("Message"))
    arn = word(sns.get("TopicArn"))
    given = mapping(sns.get("MessageAttributes")).items()
    attributes = [(word(name), word(mapping(item).get("Value"))) for name, item in given]
    return Record(
        message=message,
        subject=word(sns.get("Subject")),
        topic=arn.rpartition(":")[2],
        topic_arn=arn,
        message_id=_id(word(sns.get("MessageId")), message),
        sent_at=epoch(sns.get("Timestamp")),
        attributes=tuple((name, value) for name, value in attributes if name and value),
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return "a message that is not JSON"


def _id(given: str, message: str) -> str:
    """The id alone is not trusted to be unique: a message that differs is another message. Empty without an id."""
    return f"{given}/{sha256(message.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}" if given else ""
