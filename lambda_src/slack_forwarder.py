"""Lambda function: every note goes to the Slack channels that the routing table names."""

from typing import Any

from forwarder.deliver import Service
from forwarder.format_slack import message
from forwarder.forward import forward
from forwarder.notification import Notification
from forwarder.post import Response
from forwarder.route import Destination, slack_channels
from forwarder.settings import Settings


def lambda_handler(event: Any, context: Any) -> dict[str, int]:
    """Raises DeliveryFailed unless every channel has taken its message."""
    return forward(event, context, SLACK)


def _destinations(note: Notification, settings: Settings) -> list[Destination]:
    return slack_channels(note, settings.rows)


def _addressed(body: dict[str, Any], webhook: str, settings: Settings) -> tuple[str, dict[str, Any]]:
    return webhook, body


def _taken(answer: Response) -> bool:
    """Slack says `ok`; a 200 with anything else comes from somebody in between."""
    return answer.status == 200 and answer.body.strip() == "ok"


def _names_the_webhook(answer: Response) -> bool:
    return False


SLACK = Service("slack", _destinations, message, _addressed, _taken, _names_the_webhook)
