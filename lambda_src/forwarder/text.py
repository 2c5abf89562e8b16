"""Words and numbers as people read them. Nothing here raises, whatever it is given."""

from datetime import UTC, datetime
from typing import Any

ELLIPSIS = "…"
DELETED = {code: None for code in range(32) if code not in (9, 10)} | {127: None}


def clean(value: Any) -> str:
    """Text that every receiver takes: no control characters, no half surrogate pairs; empty for None."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.translate(DELETED).strip()


def line(value: Any) -> str:
    """The same on one line."""
    return " ".join(clean(value).split())


def word(value: Any) -> str:
    """A label's value; what is not text (a list, a mapping, a flag) is no label."""
    return line(value) if isinstance(value, str) else ""


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the loss marked."""
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def mapping(value: Any) -> dict[str, Any]:
    """The JSON object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list; none where something else stands."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def facts(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Labels with their values, those without a value left out."""
    return tuple(pair for pair in pairs if pair[1])


def epoch(value: Any) -> float:
    """Seconds since 1970 of an ISO 8601 time (UTC where it names no zone); 0 when it is none."""
    if not isinstance(value, str) or len(value) < 10:
        return 0.0
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def clock(at: float) -> str:
    """`2026-11-25 03:42:00 UTC`; empty for 0."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def flatten(value: Any, limit: int = 12) -> list[tuple[str, str]]:
    """The scalars of nested JSON as (path, text), empty ones left out, at most `limit` of them."""
    found: list[tuple[str, str]] = []
    _walk("", value, found, limit, 6)
    return found


def _walk(path: str, value: Any, found: list[tuple[str, str]], limit: int, depth: int) -> None:
    if len(found) >= limit or depth == 0:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _walk(f"{path}.{line(key)}" if path else line(key), inner, found, limit, depth - 1)
    elif isinstance(value, list):
        if all(isinstance(inner, (str, int, float)) for inner in value):
            if text := line(", ".join(scalar(inner) for inner in value[:20])):
                found.append((path, text))
        else:
            for inner in value[:20]:
                _walk(path, inner, found, limit, depth - 1)
    elif text := scalar(value):
        found.append((path, text))


def scalar(value: Any) -> str:
    """A JSON scalar in words: true and false as yes and no, nothing for null and for what is no scalar."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return line(value) if isinstance(value, (str, int)) else ""


def number(value: float) -> str:
    """Four significant digits, whole numbers whole."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if abs(value) >= 1e15 or (value and abs(value) < 1e-4):
        return f"{value:.4g}"
    if abs(value) >= 1000 or value == int(value):
        return str(round(value))
    return f"{value:.4g}"
