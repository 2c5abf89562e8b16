"""AWS' two ways to be asked: forms that are answered in XML (SNS, CloudWatch), and JSON (Secrets Manager, Logs)."""

import json
import os
import time
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from forwarder.aws import call
from forwarder.post import Response, Trouble
from forwarder.text import mapping

VERSIONS = {"sns": "2010-03-31", "monitoring": "2010-08-01"}
TARGETS = {"secretsmanager": "secretsmanager", "logs": "Logs_20140328"}
CALL_SECONDS = 8.0
TRIES = 3
PAUSE_SECONDS = 0.5
FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/x-amz-json-1.1"


class Refused(Trouble):
    """AWS has answered no. `code` is the error's name as AWS documents it."""

    def __init__(self, code: str, reason: str, heals: bool) -> None:
        super().__init__(reason, heals)
        self.code = code


def query(service: str, action: str, region: str = "", **parameters: str | int) -> dict[str, Any]:
    """The result of `action`: lists as lists, everything else as text. Raises Trouble."""
    form = {"Action": action, "Version": VERSIONS[service], **parameters}
    body = urlencode(form, quote_via=quote).encode()
    answer = _answer(service, action, region, {"Content-Type": FORM}, body)
    try:
        root = mapping(_plain(ElementTree.fromstring(answer.body)))
    except ElementTree.ParseError:
        raise Trouble(f"{action} was answered with something that is no XML", heals=False) from None
    return mapping(root.get(f"{action}Result"))


def ask(service: str, action: str, **parameters: Any) -> dict[str, Any]:
    """The answer of a service that speaks JSON. Raises Trouble."""
    headers = {"Content-Type": JSON, "X-Amz-Target": f"{TARGETS[service]}.{action}"}
    answer = _answer(service, action, "", headers, json.dumps(parameters).encode())
    try:
        return mapping(json.loads(answer.body))
    except ValueError:
        raise Trouble(f"{action} was answered with something that is no JSON", heals=False) from None


def region_of(arn: str) -> str:
    """The fourth part of an ARN."""
    return arn.split(":")[3]


def _answer(service: str, action: str, region: str, headers: dict[str, str], body: bytes) -> Response:
    """Throttling and faults of the service pass: they are asked again, at most TRIES times in all."""
    for left in reversed(range(TRIES)):
        try:
            answer = call(service, region or os.environ.get("AWS_REGION", ""), headers, body, CALL_SECONDS)
            if answer.status == 200:
                return answer
            raise _refusal(action, answer)
        except Trouble as problem:
            if not problem.heals or not left:
                raise problem if isinstance(problem, Refused) else Trouble(f"{action}: {problem.reason}") from None
        time.sleep(PAUSE_SECONDS * (TRIES - left))
    raise AssertionError("the last try has raised")


def _refusal(action: str, answer: Response) -> Refused:
    """The code alone: the message may quote what was sent."""
    body = answer.body
    code = body.partition("<Code>")[2].partition("<")[0]
    if not code and body.lstrip().startswith("{"):
        try:
            code = str(mapping(json.loads(body)).get("__type", ""))
        except ValueError:
            pass  # the status is enough
    code = code.rpartition("#")[2]
    heals = answer.status >= 500 or answer.status == 429 or "Throttl" in code
    return Refused(code, f"{action} was answered {answer.status} {code}".rstrip(), heals)


def _plain(element: ElementTree.Element) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    if all(_name(child) == "member" for child in children):
        return [_plain(child) for child in children]
    return {_name(child): _plain(child) for child in children}


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
