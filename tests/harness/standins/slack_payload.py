"""The documented shape and limits of a Slack message: text, Block Kit's blocks, and the older attachments."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

MOST_TEXT = 40_000
MOST_BLOCKS = 50
MOST_ATTACHMENTS = 100

_TOP_KEYS = {
    "text", "blocks", "attachments", "channel", "username", "icon_emoji", "icon_url", "link_names", "mrkdwn", "parse",
    "unfurl_links", "unfurl_media", "thread_ts", "response_type", "replace_original", "delete_original", "metadata",
}  # fmt: skip
_ATTACHMENT_KEYS = {
    "blocks", "color", "fallback", "pretext", "author_name", "author_link", "author_icon", "title", "title_link",
    "text", "fields", "image_url", "thumb_url", "footer", "footer_icon", "ts", "mrkdwn_in", "callback_id", "actions",
    "attachment_type",
}  # fmt: skip
_CONTENT = ("blocks", "fallback", "text", "title", "pretext", "fields", "image_url")
_COLOR = re.compile(r"good|warning|danger|#[0-9A-Fa-f]{6}|#[0-9A-Fa-f]{3}")


class Refusal(Exception):
    """Slack's answer to a payload that it does not take: the documented code, and what was wrong for the reader."""

    def __init__(self, code: str, why: str, status: int = 400) -> None:
        super().__init__(f"{code}: {why}" if why else code)
        self.code = code
        self.status = status


def check_payload(payload: dict[str, Any]) -> None:
    """Raise Refusal unless Slack would show `payload` whole."""
    _known(payload, _TOP_KEYS, "message", "invalid_payload")
    text, blocks, attachments = payload.get("text", ""), payload.get("blocks", []), payload.get("attachments", [])
    if not isinstance(text, str):
        raise Refusal("invalid_payload", "text is no string")
    if len(text) > MOST_TEXT:
        raise Refusal("msg_too_long", f"text has {len(text)} characters, at most {MOST_TEXT}")
    _check_blocks(blocks)
    if not isinstance(attachments, list):
        raise Refusal("invalid_payload", "attachments is no list")
    if len(attachments) > MOST_ATTACHMENTS:
        raise Refusal("too_many_attachments", f"{len(attachments)} attachments, at most {MOST_ATTACHMENTS}")
    for index, attachment in enumerate(attachments):
        _check_attachment(attachment, f"attachments[{index}]")
    if not (text.strip() or blocks or attachments):
        raise Refusal("no_text", "neither text nor blocks nor attachments")


def _check_attachment(attachment: Any, where: str) -> None:
    if not isinstance(attachment, dict):
        raise Refusal("invalid_attachments", f"{where} is no object")
    _known(attachment, _ATTACHMENT_KEYS, where, "invalid_attachments")
    _check_blocks(attachment.get("blocks", []), f"{where}.blocks")
    for key in ("title", "text", "pretext", "fallback", "footer", "title_link", "callback_id"):
        value = attachment.get(key, "")
        if not isinstance(value, str) or len(value) > MOST_TEXT:
            raise Refusal("invalid_attachments", f"{where}.{key} is no string of at most {MOST_TEXT} characters")
    if not any(attachment.get(key) for key in _CONTENT):
        raise Refusal("no_text", f"{where} is empty")
    color = attachment.get("color", "")
    if color and not (isinstance(color, str) and _COLOR.fullmatch(color)):
        raise Refusal("invalid_attachments", f"{where}.color is {color!r}")
    for key in ("title_link", "image_url", "thumb_url"):
        if attachment.get(key) and not is_url(attachment[key]):
            raise Refusal("invalid_attachments", f"{where}.{key} is no URL")
    for field in _list(attachment.get("fields", []), f"{where}.fields", "invalid_attachments"):
        if not isinstance(field, dict) or not {"title", "value"} <= field.keys() <= {"title", "value", "short"}:
            raise Refusal("invalid_attachments", f"{where}.fields: each has title, value and perhaps short")
    _check_legacy_actions(_list(attachment.get("actions", []), f"{where}.actions", "invalid_attachments"), where)


def _check_legacy_actions(actions: list[Any], where: str) -> None:
    if len(actions) > 5:
        raise Refusal("invalid_attachments", f"{where}.actions has {len(actions)} buttons, at most 5")
    for action in actions:
        if not isinstance(action, dict) or not action.get("type") or not action.get("text"):
            raise Refusal("invalid_attachments", f"{where}.actions: each has type and text")
        if "url" in action and not is_url(action["url"]):
            raise Refusal("invalid_attachments", f"{where}.actions: url is no URL")


def _check_blocks(blocks: Any, where: str = "blocks") -> None:
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format", f"{where} is no list")
    if len(blocks) > MOST_BLOCKS:
        raise Refusal("invalid_blocks", f"{where} has {len(blocks)} blocks, at most {MOST_BLOCKS}")
    for index, block in enumerate(blocks):
        _check_block(block, f"{where}[{index}]")
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(ids) != len(set(ids)):
        raise Refusal("invalid_blocks", f"{where}: a block_id stands twice")


def _check_block(block: Any, where: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _BLOCKS:
        raise Refusal("invalid_blocks", f"{where}: unknown type {kind!r}")
    keys, check = _BLOCKS[kind]
    _known(block, keys | {"type", "block_id"}, where)
    _string(block.get("block_id", "-"), 255, f"{where}.block_id")
    check(block, where)


def _check_section(block: dict[str, Any], where: str) -> None:
    fields = _list(block.get("fields", []), f"{where}.fields")
    if "text" not in block and not fields:
        raise Refusal("invalid_blocks", f"{where} has neither text nor fields")
    if "text" in block:
        _text_object(block["text"], 3000, f"{where}.text")
    if len(fields) > 10:
        raise Refusal("invalid_blocks", f"{where} has {len(fields)} fields, at most 10")
    for field in fields:
        _text_object(field, 2000, f"{where}.fields")
    if "accessory" in block:
        _check_element(block["accessory"], f"{where}.accessory")


def _check_header(block: dict[str, Any], where: str) -> None:
    _text_object(block.get("text"), 150, f"{where}.text", plain=True)


def _check_context(block: dict[str, Any], where: str) -> None:
    elements = _list(block.get("elements"), f"{where}.elements")
    if not 1 <= len(elements) <= 10:
        raise Refusal("invalid_blocks", f"{where} has {len(elements)} elements, not 1 to 10")
    for element in elements:
        if isinstance(element, dict) and element.get("type") == "image":
            _known(element, {"type", "image_url", "alt_text", "slack_file"}, where)
            _check_image(element, where)
        else:
            _text_object(element, 3000, where)


def _check_actions(block: dict[str, Any], where: str) -> None:
    elements = _list(block.get("elements"), f"{where}.elements")
    if not 1 <= len(elements) <= 25:
        raise Refusal("invalid_blocks", f"{where} has {len(elements)} elements, not 1 to 25")
    for element in elements:
        _check_element(element, where)
    ids = [element["action_id"] for element in elements if element.get("action_id")]
    if len(ids) != len(set(ids)):
        raise Refusal("invalid_blocks", f"{where}: an action_id stands twice")


def _check_image(block: dict[str, Any], where: str) -> None:
    _string(block.get("alt_text"), 2000, f"{where}.alt_text")
    _url(block.get("image_url"), f"{where}.image_url")
    if "title" in block:
        _text_object(block["title"], 2000, f"{where}.title", plain=True)


def _check_divider(block: dict[str, Any], where: str) -> None:
    """A divider has nothing to check but its keys."""


def _check_markdown(block: dict[str, Any], where: str) -> None:
    _string(block.get("text"), 12_000, f"{where}.text")


def _check_element(element: Any, where: str) -> None:
    """A webhook can show links; what asks for an answer needs an app, so buttons and images are all there is here."""
    kind = element.get("type") if isinstance(element, dict) else None
    if kind == "image":
        _check_image(element, where)
        return
    if kind != "button":
        raise Refusal("invalid_blocks", f"{where}: unknown element {kind!r}")
    _known(element, {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}, where)
    _text_object(element.get("text"), 75, f"{where}.text", plain=True)
    _string(element.get("action_id", "-"), 255, f"{where}.action_id")
    _string(element.get("value", "-"), 2000, f"{where}.value")
    if "url" in element:
        _url(element["url"], f"{where}.url")
    if element.get("style", "primary") not in ("primary", "danger"):
        raise Refusal("invalid_blocks", f"{where}.style is {element['style']!r}")


def _text_object(value: Any, most: int, where: str, *, plain: bool = False) -> None:
    kinds = {"plain_text": "emoji", "mrkdwn": "verbatim"}
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in kinds or (plain and kind != "plain_text"):
        raise Refusal("invalid_blocks", f"{where} is no {'plain_text' if plain else 'text'} object")
    _known(value, {"type", "text", kinds[kind]}, where)
    _string(value.get("text"), most, f"{where}.text")


def _string(value: Any, most: int, where: str) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise Refusal("invalid_blocks", f"{where} is no string of 1 to {most} characters")


def _url(value: Any, where: str) -> None:
    _string(value, 3000, where)
    if not is_url(value):
        raise Refusal("invalid_blocks", f"{where} is no URL")


def _list(value: Any, where: str, code: str = "invalid_blocks") -> list[Any]:
    if not isinstance(value, list):
        raise Refusal(code, f"{where} is no list")
    return value


def _known(value: dict[str, Any], keys: set[str], where: str, code: str = "invalid_blocks") -> None:
    if unknown := sorted(value.keys() - keys):
        raise Refusal(code, f"{where} has the unknown key {unknown[0]!r}")


_BLOCKS: dict[str, tuple[set[str], Callable[[dict[str, Any], str], None]]] = {
    "section": ({"text", "fields", "accessory", "expand"}, _check_section),
    "header": ({"text"}, _check_header),
    "context": ({"elements"}, _check_context),
    "actions": ({"elements"}, _check_actions),
    "image": ({"image_url", "alt_text", "title"}, _check_image),
    "divider": (set(), _check_divider),
    "markdown": ({"text"}, _check_markdown),
}


def is_url(value: Any) -> bool:
    if not isinstance(value, str) or any(character.isspace() for character in value):
        return False
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


_MARKUP = re.compile(r"<(?:https?://|mailto:|[@#!])[^<>\s][^<>]*>|&(?:amp|lt|gt);")
_SHOWN = {"text", "title", "pretext", "fallback", "value", "footer"}  # keys whose strings Slack reads for markup


def unescaped(value: Any, where: str = "") -> list[str]:
    """Places where a payload holds a `<`, `>` or `&` that Slack would read as markup, as `path: text around it`."""
    if isinstance(value, dict):
        shown = {key: item for key, item in value.items() if key in _SHOWN or isinstance(item, dict | list)}
        return [place for key, item in shown.items() for place in unescaped(item, f"{where}.{key}".lstrip("."))]
    if isinstance(value, list):
        return [place for index, item in enumerate(value) for place in unescaped(item, f"{where}[{index}]")]
    if not isinstance(value, str):
        return []
    rest = re.sub(r"(?m)^>{1,3}\s?", "", _MARKUP.sub(" ", value))  # a > that begins a line is a quotation
    return [f"{where}: {rest[max(0, m.start() - 20) : m.end() + 20]}" for m in re.finditer("[<>&]", rest)]
