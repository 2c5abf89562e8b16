"""What earlier runs have told, read from the function's own log: the one record of it that people can read, too."""

import json
import time
from typing import Any, NamedTuple

from forwarder.text import mapping

from path_watch.services import ask

TOLD, REMINDED = "told", "reminded"
PATTERN = f'{{ ($.outcome = "{TOLD}") || ($.outcome = "{REMINDED}") }}'


class Memory(NamedTuple):
    """Of the newest message: when it went out (epoch seconds, 0: none) and which findings it named."""

    told_at: float
    told: frozenset[str]
    reminded: dict[str, float]  # alarm's ARN → when it was told again last


def memory(log_group: str, seconds: float) -> Memory:
    """Of the last `seconds`. Raises Trouble."""
    told_at, told, reminded = 0.0, frozenset[str](), dict[str, float]()
    for at, line in _lines(log_group, time.time() - seconds):
        if line.get("outcome") == TOLD and at >= told_at:
            told_at, told = at, frozenset(line.get("findings") or ())
        elif line.get("outcome") == REMINDED:
            reminded[str(line.get("alarm"))] = max(at, reminded.get(str(line.get("alarm")), 0.0))
    return Memory(told_at, told, reminded)


def _lines(log_group: str, since: float) -> list[tuple[float, dict[str, Any]]]:
    found, more = list[tuple[float, dict[str, Any]]](), dict[str, str]()
    while True:
        page = ask(
            "logs", "FilterLogEvents",
            logGroupName=log_group, startTime=int(since * 1000), filterPattern=PATTERN, **more,
        )  # fmt: skip
        for event in page.get("events") or ():
            try:
                found.append((event["timestamp"] / 1000, mapping(json.loads(event["message"]))))
            except ValueError:
                continue  # a line of Lambda's own
        if not page.get("nextToken"):
            return found
        more = {"nextToken": page["nextToken"]}
