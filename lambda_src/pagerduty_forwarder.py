"""Lambda function: what pages goes to PagerDuty's Events API v2, and every end of an alarm resolves its incident."""

from typing import Any

from forwarder.deliver import Service
from forwarder.format_pagerduty import event as to_event
from forwarder.forward import forward
from forwarder.notification import Notification
from forwarder.post import Response
from forwarder.route import Destination, pagerduty_keys
from forwarder.settings import Settings


def lambda_handler(event: Any, context: Any) -> dict[str, int]:
    """Raises DeliveryFailed unless PagerDuty has taken everything that it must hear of."""
    return forward(event, context, PAGERDUTY)


def _destinations(note: Notification, settings: Settings) -> list[Destination]:
    return pagerduty_keys(note, settings.rows)


def _addressed(body: dict[str, Any], routing_key: str, settings: Settings) -> tuple[str, dict[str, Any]]:
    return settings.pagerduty_url, {"routing_key": routing_key, **body}


def _taken(answer: Response) -> bool:
    return answer.status == 202


def _names_the_key(answer: Response) -> bool:
    """PagerDuty answers 400 to a routing key that it does not know."""
    said = answer.body.lower().replace("_", " ")
    return answer.status == 400 and "routing key" in said


PAGERDUTY = Service("pagerduty", _destinations, to_event, _addressed, _taken, _names_the_key)
