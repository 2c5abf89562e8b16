"""What Terraform said, read: the changes of a plan, its errors, and what it was waiting for when its time was up."""

import json
import re
import urllib.request
from collections.abc import Mapping
from typing import Any


def changes(plan: Mapping[str, Any]) -> list[str]:
    """What a plan's JSON would do, one line for each resource and output that it touches."""
    resources = [(change["change"]["actions"], change["address"]) for change in plan.get("resource_changes", [])]
    outputs = [(change["actions"], f"output.{name}") for name, change in plan.get("output_changes", {}).items()]
    return [f"{'/'.join(acts)} {what}" for acts, what in [*resources, *outputs] if acts not in (["no-op"], ["read"])]


def message(text: str) -> str:
    """Terraform's errors without their frame, as one line."""
    lines = [line.strip("│╷╵ ").strip() for line in text.splitlines()]
    first = next((number for number, line in enumerate(lines) if line.startswith("Error")), 0)
    return " ".join(line for line in lines[first:] if line)[:2000]


def waits_for(said: str, emulator: str = "") -> str:
    """What had begun and not ended, and which calls the `emulator` at that URL, if there is one, has not answered."""
    begun = dict.fromkeys(re.findall(r"^(\S.*): (?:Creating|Modifying|Destroying|Reading)\.\.\.", said, re.MULTILINE))
    ended = set(re.findall(r"^(\S.*): (?:Creation|Modifications|Destruction|Read) complete", said, re.MULTILINE))
    waits = f"it waits for {', '.join(one for one in begun if one not in ended) or 'nothing that it named'}"
    return f"{waits}; {_unanswered(emulator)}" if emulator else waits


def _unanswered(emulator: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{emulator}/_harness/unanswered", timeout=10) as answer:
            calls = json.load(answer)
    except (OSError, ValueError):
        return "the emulator does not answer"
    return f"the emulator has not answered {', '.join(calls)}" if calls else "the emulator has answered every call"
