"""A Slack message in Block Kit for one note. Pure; escaped, and cut to Slack's limits.

Webhooks cannot edit a message or answer in a thread, so that an alarm's end is a message of its own.
"""

from typing import Any

from forwarder.notification import FIRING, NO_DATA, RESOLVED, Notification
from forwarder.order import is_first_data
from forwarder.text import clock, cut

SECTION, FIELD, BUTTON, TEXT, FIELDS, BUTTONS = 2900, 1900, 70, 3000, 10, 5
COLOURS = {"critical": "#d40e0d", "warning": "#e8912d", "info": "#439fe0"}
GREEN, GREY = "#2eb67d", "#9e9e9e"
NO_END = "Nothing will end this by itself."
STAYS_OPEN = "No data is no recovery: an open incident stays open."


def message(note: Notification, overtaken: str) -> dict[str, Any]:
    """The body of the webhook's POST. `overtaken` is the state that has come since, empty when there is none."""
    if is_first_data(note) and not overtaken:
        return first_data(note)
    head = _headline(note, overtaken)
    return {
        "text": cut(head, TEXT),
        "blocks": [_section(head)],
        "attachments": [{"color": _colour(note, overtaken), "blocks": _blocks(note, overtaken)}],
    }


def first_data(note: Notification) -> dict[str, Any]:
    """One short line: an alarm that has begun to see data has recovered from nothing."""
    name = cut(note.name, 255)
    text = escaped(f"{name} has data now and is within its threshold; it was not in alarm before", 600)
    return {"text": text, "blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}]}


def escaped(text: str, limit: int) -> str:
    """Slack's three characters escaped, at most `limit` long, never cut within an escape."""
    safe = text[:limit].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(safe) <= limit and len(text) <= limit:
        return safe
    safe = safe[: limit - 1]
    start = safe.rfind("&", len(safe) - 5)
    if start >= 0 and ";" not in safe[start:]:
        safe = safe[:start]
    return safe + "…"


def _headline(note: Notification, overtaken: str) -> str:
    word = {FIRING: note.severity.upper(), RESOLVED: "RESOLVED", NO_DATA: "NO DATA"}[note.state]
    name = escaped(note.name, 300)
    change = f"  {escaped(note.change, 100)}" if note.change else ""
    return f"{'LATE ' if overtaken else ''}[{word}] *{name}*{change}"


def _colour(note: Notification, overtaken: str) -> str:
    if overtaken or note.state == NO_DATA:
        return GREY
    return GREEN if note.state == RESOLVED else COLOURS[note.severity]


def _blocks(note: Notification, overtaken: str) -> list[dict[str, Any]]:
    # An alarm's value and threshold are fields.
    summary = "" if note.kind == "alarm" or note.summary in (note.name, note.body) else note.summary
    told = [text for text in (_note(note, overtaken), summary, note.body) if text]
    blocks = [_section(escaped("\n".join(told), SECTION))] if told else []
    if fields := [_field(label, value) for label, value in _shown(note)]:
        blocks.append({"type": "section", "fields": fields})
    if buttons := [_button(text, address) for text, address in note.links[:BUTTONS]]:
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def _note(note: Notification, overtaken: str) -> str:
    if overtaken:
        began = clock(note.at)
        now = "it is over now" if overtaken == RESOLVED else "it fires again now"
        return f"Late: this is what happened{f' at {began}' if began else ''}; {now}."
    if note.state == NO_DATA:
        return STAYS_OPEN
    pages = note.state == FIRING and note.severity == "critical"
    return NO_END if pages and not note.ends else ""


def _shown(note: Notification) -> list[tuple[str, str]]:
    facts = [*note.facts[: FIELDS - 2], ("Severity", note.severity), ("Time", clock(note.at))]
    return [(label, value) for label, value in facts if value]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _field(label: str, value: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": f"*{escaped(label, 100)}*\n{escaped(value, FIELD - 110)}"}


def _button(text: str, address: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": cut(text, BUTTON)}, "url": address}
