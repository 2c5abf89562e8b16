"""`alertctl secrets`: fill the secrets of a deployment, and name those that are not filled."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console
from rich.markup import escape

from alertctl import Problem
from alertctl.targets import Target
from alertctl.values import cleaned, complaint

Ask = Callable[[Target], str]


def fill(client: Any, values: Mapping[Target, str], console: Console) -> None:
    """Write the values, all of them checked before the first is written."""
    clean = {target: cleaned(value) for target, value in values.items()}
    wrong = [f"{target.file} {said}" for target, value in clean.items() if (said := complaint(target.file, value))]
    if wrong:
        raise Problem("nothing was written: " + "; ".join(wrong))
    for target, value in clean.items():
        try:
            client.put_secret_value(SecretId=target.id, SecretString=value)
        except ClientError as problem:
            raise Problem(f"{target.id} could not be filled: {_said(problem)}") from problem
        console.print(f"[green]✓[/] {escape(target.file)} is filled ({escape(target.id)})")


def asked(targets: list[Target], ask: Ask, console: Console) -> dict[Target, str]:
    """Values from a person, asked again while they cannot be right; nothing typed leaves a secret as it is."""
    values = {}
    for target in targets:
        while value := cleaned(ask(target)):
            said = complaint(target.file, value)
            if not said:
                values[target] = value
                break
            console.print(f"[red]✗[/] this {escape(said)}")
    return values


def unfilled(client: Any, targets: list[Target]) -> list[str]:
    """One line for each secret that has no current value, or that cannot be asked for. No value is read."""
    return [f"{target.file}: {said}" for target in targets if (said := _state(client, target))]


def _state(client: Any, target: Target) -> str:
    try:
        answer = client.describe_secret(SecretId=target.id)
    except ClientError as problem:
        if problem.response["Error"]["Code"] == "ResourceNotFoundException":
            return f"there is no secret {target.id}: apply the module first"
        raise Problem(f"{target.id} could not be looked at: {_said(problem)}") from problem
    if answer.get("DeletedDate"):
        return f"{target.id} is scheduled for deletion"
    stages = [stage for version in (answer.get("VersionIdsToStages") or {}).values() for stage in version]
    return "" if "AWSCURRENT" in stages else f"{target.id} is not filled"


def _said(problem: ClientError) -> str:
    error = problem.response["Error"]
    return f"{error.get('Code')}: {error.get('Message')}"
