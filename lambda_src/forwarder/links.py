"""Addresses that a notification offers."""

from urllib.parse import quote, urlsplit

from forwarder.text import clean

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def usable(address: str) -> bool:
    """True for an http(s) address that a button can carry."""
    if len(address) > 2000 or any(letter.isspace() for letter in address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def alarm_page(partition: str, region: str, name: str) -> str:
    """The alarm in the console of its partition; empty where the partition's console is not known."""
    host = CONSOLES.get(partition)
    if not host or not region.replace("-", "").isalnum():
        return ""
    return f"https://{region}.{host}/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name, safe='')}"


def offered(candidates: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The usable ones, each address once."""
    found: dict[str, str] = {}
    for text, address in candidates:
        if usable(address := clean(address)):
            found.setdefault(address, text)
    return tuple((text, address) for address, text in found.items())
