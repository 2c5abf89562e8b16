"""What Terraform tells the function: where things are by its environment, what must be there by the rule's input."""

import json
import os
from typing import Any, NamedTuple

from forwarder.text import mapping, word


class Settings(NamedTuple):
    """See the README of lambda_src/ for the variables and their formats."""

    name: str  # of the deployment
    topics: dict[str, str]  # critical, warning, …, fallback → ARN
    functions: tuple[str, ...]  # ARNs of the forwarders, which listen to every topic but the fallback one
    canary: str  # ARN of the alarm that is one
    remind_after: float  # seconds that an alarm rings before it is told again; 0: never
    log_group: str
    mail: dict[str, tuple[str, ...]]  # topic's key → the addresses that must be subscribed
    secrets: tuple[str, ...]  # names or ARNs of those that must be filled

    @property
    def fallback(self) -> str:
        """ARN of the topic that is told."""
        return self.topics["fallback"]


class BadSettings(Exception):
    """Something that cannot be used; the message names it."""


def settings(event: Any) -> Settings:
    """From the environment and the event. Raises BadSettings."""
    wanted = mapping(event)
    for key, kind in (("mail", dict), ("secrets", list)):
        if not isinstance(wanted.get(key), kind):
            raise BadSettings(f"the event has no `{key}`: use the input of the function's own rule")
    topics = {key: word(arn) for key, arn in mapping(_json("TOPICS")).items()}
    if "fallback" not in topics:
        raise BadSettings("TOPICS has no `fallback`")
    functions = _json("FUNCTIONS")
    return Settings(
        name=os.environ.get("NAME", ""),
        topics=topics,
        functions=_words(functions),
        canary=os.environ.get("CANARY", ""),
        remind_after=float(os.environ.get("REMIND_AFTER_SECONDS") or 0),
        log_group=os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", ""),
        mail={key: _words(addresses) for key, addresses in wanted["mail"].items()},
        secrets=_words(wanted["secrets"]),
    )


def _json(name: str) -> Any:
    try:
        return json.loads(os.environ.get(name, ""))
    except ValueError:
        raise BadSettings(f"{name} is no JSON") from None


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word(item) for item in value) if isinstance(value, list) else ()
