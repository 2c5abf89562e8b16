"""What SNS does with a message-body filter on AlarmName."""

import json
from collections.abc import Mapping
from typing import Any


def passes(policy: str, message: Mapping[str, Any]) -> bool:
    """Whether a subscription with this filter policy, scope MessageBody, gets a message."""
    rules: dict[str, list[Any]] = json.loads(policy)
    return all(any(_matches(value, message.get(key)) for value in values) for key, values in rules.items())


def _matches(value: Any, field: Any) -> bool:
    if isinstance(value, dict):
        ((operator, operand),) = value.items()
        if operator != "prefix":
            raise ValueError(f"the module does not use {operator}")
        return isinstance(field, str) and field.startswith(operand)
    return bool(value == field)


def values(policy: str) -> int:
    """How many values a filter holds; SNS takes 150."""
    return sum(len(one) for one in json.loads(policy).values())
