"""What a metric filter counts. Knows nothing of LocalStack, so that it is tested by itself."""

import json
import re
from collections.abc import Iterable
from typing import Any

# The one kind of pattern that is known here: { $.field = "value" }
PATTERN = re.compile(r'^\{ \$\.(\w+) = "([^"]*)" \}$')


def matching(pattern: str, messages: Iterable[str]) -> list[dict[str, Any]]:
    """The messages that are JSON and match, taken apart. ValueError for a pattern that is not known here."""
    wanted = PATTERN.match(pattern)
    if not wanted:
        raise ValueError(f"the harness does not know the filter pattern {pattern}")
    found = []
    for message in messages:
        try:
            line = json.loads(message)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get(wanted[1]) == wanted[2]:
            found.append(line)
    return found


def datapoint(transformation: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """What a filter counts for a line; a dimension's value stands in the line."""
    dimensions = transformation.get("dimensions") or {}
    return {
        "MetricName": transformation["metricName"],
        "Value": float(transformation["metricValue"]),
        "Dimensions": [
            {"Name": name, "Value": str(line[field.removeprefix("$.")])} for name, field in dimensions.items()
        ],
    }
