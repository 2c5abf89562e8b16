"""Routing keys and webhooks, read at run time and kept for a while."""

import json
import os
import time
from urllib.parse import quote

from forwarder.aws import call, own_region
from forwarder.log import log
from forwarder.post import Response, Unreachable, request, target

ASK_SECONDS = 4.0
ASK_AGAIN_SECONDS = 30.0  # while the service is down and an old value serves
PLACEHOLDERS = ("replace", "changeme", "change-me", "placeholder", "todo", "<")

_values: dict[str, tuple[str, float]] = {}  # id → value, and the time until which nobody asks again


class NoValue(Exception):
    """The secret is not there or not filled: asking again in a moment cannot help. The message names it."""


class CannotAsk(Exception):
    """The service did not answer as it should; asking again may help. The message names the secret."""


def value(secret: str, ttl: float, seconds: float) -> str:
    """The secret's value, at most `ttl` seconds old; an older one while the service is down.

    Raises NoValue or CannotAsk within about `seconds`.
    """
    kept, until = _values.get(secret, ("", 0.0))
    if kept and time.time() < until:
        return kept
    try:
        return _fetched(secret, ttl, seconds, by_extension=True)
    except CannotAsk as problem:
        if not kept:
            raise
        _values[secret] = (kept, time.time() + min(ASK_AGAIN_SECONDS, max(ttl, 1.0)))
        log("warning", "old secret used", secret=secret, reason=str(problem))
        return kept


def refreshed(secret: str, ttl: float, seconds: float) -> str:
    """The value as it is now, past every cache: the destination has refused the one that was kept."""
    return _fetched(secret, ttl, seconds, by_extension=False)


def _fetched(secret: str, ttl: float, seconds: float, by_extension: bool) -> str:
    until = time.monotonic() + min(seconds, ASK_SECONDS)
    found = _from_extension(secret, (until - time.monotonic()) / 2) if by_extension else ""
    if not found:
        try:
            found = _from_service(secret, until - time.monotonic())
        except NoValue:
            _values.pop(secret, None)
            raise
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
        return _read(secret, answer) if answer.status == 200 else ""
    except (Unreachable, CannotAsk, NoValue):
        return ""  # the service itself gives the answer that counts


def _from_service(secret: str, seconds: float) -> str:
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}
    body = json.dumps({"SecretId": secret}).encode()
    region = secret.split(":")[3] if secret.startswith("arn:") and secret.count(":") >= 6 else own_region()
    try:
        answer = call("secretsmanager", "secretsmanager", region, headers, body, seconds)
    except Unreachable as problem:
        raise CannotAsk(f"secret {secret} cannot be read: {problem.reason}") from None
    if answer.status == 200:
        return _read(secret, answer)
    kind = _error(answer)
    if kind == "ResourceNotFoundException":
        raise NoValue(f"secret {secret} is not filled yet (Secrets Manager holds no value of it)")
    if kind == "InvalidRequestException":
        raise NoValue(f"secret {secret} cannot be read: it is marked for deletion")
    raise CannotAsk(f"secret {secret} cannot be read: Secrets Manager answered {answer.status} {kind}".rstrip())


def _read(secret: str, answer: Response) -> str:
    try:
        content = json.loads(answer.body)
    except ValueError:
        raise CannotAsk(f"secret {secret} cannot be read: the answer is no JSON") from None
    text = content.get("SecretString") if isinstance(content, dict) else None
    found = text.strip() if isinstance(text, str) else ""
    if not found or found.lower().startswith(PLACEHOLDERS):
        raise NoValue(f"secret {secret} is not filled yet ({'a placeholder' if found else 'its value is empty'})")
    return found


def _error(answer: Response) -> str:
    """The exception's name in AWS's answer, nothing else of it."""
    try:
        content = json.loads(answer.body)
    except ValueError:
        return ""
    kind = content.get("__type", "") if isinstance(content, dict) else ""
    name = kind.rpartition("#")[2] if isinstance(kind, str) else ""
    return name if name.isalnum() else ""
