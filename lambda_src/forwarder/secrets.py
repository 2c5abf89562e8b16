"""Routing keys and webhooks, read at run time and kept for a while. Trouble with one names the secret."""

import json
import os
import time
from typing import Any
from urllib.parse import quote

from forwarder.aws import call
from forwarder.log import log
from forwarder.post import Trouble, request, target
from forwarder.text import mapping

ASK_SECONDS = 4.0
ASK_AGAIN_SECONDS = 30.0  # while the service is down and an old value serves
PLACEHOLDERS = ("replace", "changeme", "change-me", "placeholder", "todo", "<")
GONE = {"ResourceNotFoundException": "is not filled yet: it has no value", "InvalidRequestException": "was deleted"}


class Unfilled(Trouble):
    """Nobody has put a value into the secret, or it was deleted."""


_values: dict[str, tuple[str, float]] = {}  # id → value, and the time until which nobody asks again


def value(secret: str, ttl: float, seconds: float) -> str:
    """The secret's value, at most `ttl` seconds old; an older one while the service is down. Raises Trouble."""
    kept, until = _values.get(secret, ("", 0.0))
    if kept and time.time() < until:
        return kept
    try:
        return refreshed(secret, ttl, seconds, by_extension=True)
    except Trouble as problem:
        if secret not in _values:
            raise
        _values[secret] = (kept, time.time() + min(ASK_AGAIN_SECONDS, ttl))
        log("warning", "old secret used", secret=secret, reason=problem.reason)
        return kept


def refreshed(secret: str, ttl: float, seconds: float, by_extension: bool = False) -> str:
    """The value as it is now, past every cache: the destination has refused the one that was kept. Raises Trouble."""
    until = time.monotonic() + min(seconds, ASK_SECONDS)
    found = _from_extension(secret, (until - time.monotonic()) / 2) if by_extension else ""
    found = found or _from_service(secret, until - time.monotonic())
    _values[secret] = (found, time.time() + ttl)
    return found


def _from_extension(secret: str, seconds: float) -> str:
    """From the AWS Parameters and Secrets extension where its layer is configured; empty when it cannot help."""
    port, token = os.environ.get("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", ""), os.environ.get("AWS_SESSION_TOKEN", "")
    if not port.isdigit() or not token:
        return ""
    to = target(f"http://localhost:{port}/secretsmanager/get?secretId={quote(secret, safe='')}")
    try:
        answer = request("GET", to, b"", {"X-Aws-Parameters-Secrets-Token": token}, seconds)
    except Trouble:
        return ""  # the service itself gives the answer that counts
    found = _json(answer.body).get("SecretString") if answer.status == 200 else ""
    return found.strip() if isinstance(found, str) and not _is_placeholder(found) else ""


def _from_service(secret: str, seconds: float) -> str:
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}
    region = secret.split(":")[3] if secret.startswith("arn:") else os.environ.get("AWS_REGION", "")
    try:
        answer = call("secretsmanager", region, headers, json.dumps({"SecretId": secret}).encode(), seconds)
    except Trouble as problem:
        raise Trouble(f"secret {secret} cannot be read: {problem.reason}", problem.heals) from None
    content = _json(answer.body)
    if answer.status != 200:
        # The exception's name, and nothing else of the answer.
        kind = str(content.get("__type")).rpartition("#")[2]
        if kind in GONE:
            raise _gone(secret, GONE[kind])
        heals = answer.status >= 429 or kind.startswith("Throttl")
        raise Trouble(f"secret {secret} cannot be read: Secrets Manager answered {answer.status} {kind}", heals)
    found = content.get("SecretString")
    if not isinstance(found, str) or _is_placeholder(found):
        raise _gone(secret, "is not filled yet: its value is empty or a placeholder")
    return found.strip()


def _gone(secret: str, why: str) -> Unfilled:
    """What is gone for certain is forgotten too."""
    _values.pop(secret, None)
    return Unfilled(f"secret {secret} {why}", heals=False)


def _is_placeholder(found: str) -> bool:
    return not found.strip() or found.strip().lower().startswith(PLACEHOLDERS)


def _json(body: str) -> dict[str, Any]:
    try:
        return mapping(json.loads(body))
    except ValueError:
        return {}
