"""Values of secrets: where they come from, and whether they can be what they are said to be. None is ever printed."""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from alertctl import Problem

PAGERDUTY_KEY = re.compile(r"[A-Za-z0-9]{32}")


def from_file(source: str) -> dict[str, str]:
    """A YAML or JSON file of `name: value` lines; `-` is standard input."""
    try:
        document = yaml.safe_load(sys.stdin.read() if source == "-" else Path(source).read_text())
    except OSError as problem:
        raise Problem(f"the values cannot be read: {problem}") from problem
    except yaml.YAMLError:
        # Its message would quote the line, and with it a value.
        raise Problem(f'{source} is no YAML: write one `name: "value"` on each line') from None
    if not isinstance(document, dict) or not document:
        raise Problem(f"{source} holds no `name: value` lines")
    for name, value in document.items():
        if not isinstance(value, str):
            raise Problem(f"the value of {name} in {source} is no text: put it in quotes")
    return {str(name): value for name, value in document.items()}


def cleaned(value: str) -> str:
    """Without the newline that an editor or `echo` adds: Alertmanager up to 0.26 sends it as part of a password."""
    return value.rstrip("\r\n")


def complaint(file: str, value: str) -> str:
    """Why a value cannot be right for a secret of this name; empty if it can. The value itself is not in it."""
    if not value.strip():
        return "is empty"
    if "\n" in value or value != value.strip():
        return "has line breaks, or spaces around it"
    if "pagerduty" in file and not PAGERDUTY_KEY.fullmatch(value):
        return f"is no PagerDuty integration key: 32 letters and digits are expected, it has {len(value)} characters"
    if ("slack" in file or file.endswith("webhook")) and not _is_https(value):
        return "is no webhook: an address that begins with https:// and has a path is expected"
    return ""


def _is_https(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme == "https" and bool(parts.hostname) and len(parts.path) > 1 and not re.search(r"\s", value)
    except ValueError:
        return False
