"""alertctl: what an operator does to an alerting deployment by hand."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm, Prompt

from alertctl import Problem, redrive, secrets, targets, values
from alertctl.targets import Target


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when all is well, 1 when something is not, with one line that says what."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        status: int = options.run(options, console)
        return status
    except (Problem, BotoCoreError, ClientError) as problem:
        console.print(f"[red]✗[/] {escape(str(problem))}")
    except (KeyboardInterrupt, EOFError):
        console.print("[red]✗[/] stopped")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="alertctl", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    group = commands.add_parser("secrets", help="fill the secrets of a deployment, or name those that are not filled")
    actions = group.add_subparsers(required=True, metavar="ACTION")

    fill = actions.add_parser("fill", help="write values: asked for, or from a file; never printed")
    _common(fill)
    source = fill.add_mutually_exclusive_group()
    source.add_argument("--from-file", metavar="FILE", help="YAML or JSON of `name: value` lines; - is standard input")
    source.add_argument("--value-stdin", action="store_true", help="the one value of --only NAME from standard input")
    fill.set_defaults(run=_fill)

    check = actions.add_parser("check", help="name the secrets without a value; status 1 if there are any")
    _common(check)
    check.set_defaults(run=_check)

    again = commands.add_parser("redrive", help="replay the alerts that could not be delivered, once, the oldest first")
    _common(again, "the deployment of this name")
    extent = again.add_mutually_exclusive_group()
    extent.add_argument("--dry-run", action="store_true", help="only show what would be replayed")
    extent.add_argument("--yes", action="store_true", help="do not ask")
    again.set_defaults(run=_redrive)
    return parser


def _common(parser: argparse.ArgumentParser, prefix: str = "all secrets named NAME/…") -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--outputs", metavar="FILE", help="`terraform output -json`; - is standard input")
    which.add_argument("--prefix", metavar="NAME", help=prefix)
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="only this one (repeat for more)")
    parser.add_argument("--region", help="AWS region (default: that of the AWS environment)")
    parser.add_argument("--profile", help="AWS profile (default: that of the AWS environment)")


def _fill(options: argparse.Namespace, console: Console) -> int:
    client = _client(options)
    everything = _targets(options, client)
    chosen = targets.only(everything, options.only)
    found = _values(options, chosen, everything, console)
    secrets.fill(client, found, console)
    left = secrets.unfilled(client, everything)
    for line in left:
        console.print(f"[yellow]![/] {escape(line)}")
    if not found and not left:
        console.print("nothing was written; every secret is filled")
    return 0


def _values(
    options: argparse.Namespace, chosen: list[Target], everything: list[Target], console: Console
) -> dict[Target, str]:
    if options.outputs == "-" and (options.from_file == "-" or options.value_stdin):
        raise Problem("standard input can hold the outputs or the values, not both")
    if options.value_stdin:
        if len(chosen) != 1:
            raise Problem("--value-stdin takes one value: name its secret with --only NAME")
        return {chosen[0]: sys.stdin.read()}
    if options.from_file:
        given = targets.by_target(everything, values.from_file(options.from_file))
        return {target: value for target, value in given.items() if target in chosen}
    if not _has_terminal():
        raise Problem("there is no terminal to ask on: use --from-file FILE or --value-stdin")

    def ask(target: Target) -> str:
        what = f" ({target.description})" if target.description else ""
        return Prompt.ask(f"{escape(target.file + what)}, empty to skip", console=console, password=True, default="")

    return secrets.asked(chosen, ask, console)


def _has_terminal() -> bool:
    """Whether a person can be asked: standard input may hold the outputs meanwhile."""
    try:
        with Path("/dev/tty").open():
            return True
    except OSError:
        return sys.stdin.isatty()


def _check(options: argparse.Namespace, console: Console) -> int:
    client = _client(options)
    chosen = targets.only(_targets(options, client), options.only)
    left = secrets.unfilled(client, chosen)
    for line in left:
        console.print(f"[red]✗[/] {escape(line)}")
    if not left:
        console.print(f"[green]✓[/] all {len(chosen)} secrets are filled")
    return 1 if left else 0


def _targets(options: argparse.Namespace, client: Any) -> list[Target]:
    return targets.from_outputs(options.outputs) if options.outputs else targets.from_prefix(options.prefix, client)


def _redrive(options: argparse.Namespace, console: Console) -> int:
    if not (options.dry_run or options.yes) and (options.outputs == "-" or not sys.stdin.isatty()):
        raise Problem("there is no terminal to ask on: use --dry-run to see what would be replayed, or --yes")
    clients = _redrive_clients(options)
    if options.outputs:
        known = redrive.from_outputs(options.outputs)
    else:
        known = redrive.from_prefix(options.prefix, clients.queues)

    def agreed(number: int) -> bool:
        return options.yes or Confirm.ask(f"Replay {number}?", console=console, default=False)

    return redrive.run(clients, redrive.only(known, options.only), console, agreed=agreed, dry_run=options.dry_run)


def _redrive_clients(options: argparse.Namespace) -> redrive.Clients:
    make = _maker(options)
    # An invocation that is tried again by the library would deliver twice.
    patient = Config(read_timeout=redrive.LONGEST_INVOCATION_SECONDS + 10, retries={"total_max_attempts": 1})
    return redrive.Clients(make("sqs"), make("lambda", config=patient))


def _client(options: argparse.Namespace) -> Any:
    return _maker(options)("secretsmanager")


def _maker(options: argparse.Namespace) -> Any:
    return boto3.session.Session(region_name=options.region, profile_name=options.profile).client
