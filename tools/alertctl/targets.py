"""Which secrets there are to fill: from Terraform's outputs, or from Secrets Manager by their common prefix."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from alertctl import Problem

OUTPUT = "secrets_to_fill"


class Target(NamedTuple):
    """A secret: the file that it becomes on the host, its name or ARN in Secrets Manager, and what it holds."""

    file: str
    id: str
    description: str = ""


def read_outputs(source: str) -> dict[str, Any]:
    """The JSON of `terraform output -json` in a file; `-` is standard input."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
        outputs = json.loads(text)
    except OSError as problem:
        raise Problem(f"the outputs cannot be read: {problem}") from problem
    except ValueError as problem:
        raise Problem(f"{source} is not the JSON of `terraform output -json`: {problem}") from problem
    if not isinstance(outputs, dict):
        raise Problem(f"{source} is not the JSON of `terraform output -json`")
    return outputs


def output_value(output: Any) -> Any:
    """What an output holds: Terraform wraps it, a hand-written file need not."""
    return output["value"] if isinstance(output, dict) and set(output) >= {"value", "sensitive"} else output


def from_outputs(source: str) -> list[Target]:
    """From a file with `terraform output -json` (or that of `secrets_to_fill` alone); `-` is standard input."""
    outputs = read_outputs(source)
    secrets = output_value(outputs.get(OUTPUT, outputs))
    if OUTPUT not in outputs and any(isinstance(one, dict) and "sensitive" in one for one in outputs.values()):
        raise Problem(f"the outputs have no {OUTPUT}: pass the module's output of that name on in the root module")
    return sorted(_target(file, secret) for file, secret in secrets.items())


def _target(file: str, secret: Any) -> Target:
    if isinstance(secret, str):
        return Target(file, secret)
    if isinstance(secret, dict) and isinstance(secret.get("id"), str):
        return Target(file, secret["id"], str(secret.get("description") or ""))
    raise Problem(f"{OUTPUT}.{file} names no secret: a name or an ARN is expected")


def from_prefix(prefix: str, client: Any) -> list[Target]:
    """All secrets named `<prefix>/…`; the file is the rest of the name in snake case."""
    start = prefix.rstrip("/") + "/"
    pages = client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [start]}])
    found = [secret for page in pages for secret in page["SecretList"] if secret["Name"].startswith(start)]
    if not found:
        raise Problem(f"there is no secret named {start}… in this account and region: apply the module first")
    return sorted(
        Target(secret["Name"].removeprefix(start).replace("-", "_"), secret["Name"], secret.get("Description", ""))
        for secret in found
    )


def only(targets: list[Target], names: list[str]) -> list[Target]:
    """Those that are named by file or by secret; all of them without names."""
    chosen = [target for target in targets if not names or target.file in names or target.id in names]
    known = {name for target in targets for name in (target.file, target.id)}
    if unknown := [name for name in names if name not in known]:
        raise Problem(f"{', '.join(unknown)}: no such secret, use one of {_names(targets)}")
    return chosen


def by_target(targets: list[Target], values: Mapping[str, str]) -> dict[Target, str]:
    """Values that are named by file or by secret, to their targets."""
    known = {name: target for target in targets for name in (target.file, target.id)}
    if unknown := [name for name in values if name not in known]:
        raise Problem(f"{', '.join(unknown)}: no such secret, use one of {_names(targets)}")
    return {known[name]: value for name, value in values.items()}


def _names(targets: list[Target]) -> str:
    return ", ".join(target.file for target in targets)
