"""`alertctl redrive`: hand what lies in the queues of undelivered alerts to its forwarder again, the oldest first."""

import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alertctl import Problem, targets

FORWARDERS = ("pagerduty-forwarder", "slack-forwarder")
HIDDEN_SECONDS = 1800  # from everybody else; what the command does not take out comes back at the end, or after this
LONGEST_INVOCATION_SECONDS = 900
LOOK_SECONDS = 1  # more than none: only then does SQS ask all of its servers, and an empty answer can be believed
LONGEST_WORD = 160
SNS_SUBSCRIPTION = "redrive"


class Route(NamedTuple):
    """A queue of undelivered alerts and the function that they were meant for."""

    function: str
    queue_url: str


class Clients(NamedTuple):
    """boto3 clients. `functions` must neither retry an invocation nor give up before the function does."""

    queues: Any
    functions: Any


class Waiting(NamedTuple):
    """One alert in a queue. `receipts` are more than one where it lies there more than once."""

    at: str  # when it was sent, ISO 8601 in UTC
    route: Route
    event: dict[str, Any]  # what the function is invoked with
    what: str
    why: str
    receipts: tuple[str, ...]


class Counts(NamedTuple):
    delivered: int
    failed: int


# ---------------------------------------------------------------- which queues


def from_outputs(source: str) -> list[Route]:
    """Queues and functions of `terraform output -json`: in the root's own outputs, or in one that holds the module."""
    outputs = targets.read_outputs(source)
    values = [targets.output_value(one) for one in outputs.values()]
    known = {name: targets.output_value(one) for name, one in outputs.items()}
    for found in [known, *(one for one in values if isinstance(one, dict))]:
        queues, functions = found.get("undelivered_queue_urls"), found.get("function_names")
        if isinstance(queues, dict) and isinstance(functions, dict):
            routes = [Route(str(functions[key]), str(url)) for key, url in sorted(queues.items()) if key in functions]
            if routes:
                return routes
    raise Problem(
        "the outputs have no undelivered_queue_urls and function_names: pass the module's outputs of these names on in"
        " the root module, or use --prefix"
    )


def from_prefix(prefix: str, queues: Any) -> list[Route]:
    """The queues of the deployment of that name. Only whole names count: `shop` is not `shop-staging`."""
    found = []
    for forwarder in FORWARDERS:
        function = f"{prefix}-{forwarder}"
        try:
            found.append(Route(function, queues.get_queue_url(QueueName=f"{function}-undelivered")["QueueUrl"]))
        except ClientError as problem:
            if "NonExistentQueue" not in problem.response["Error"]["Code"]:
                raise
    if not found:
        raise Problem(f"there is no queue {prefix}-…-undelivered in this account and region")
    return found


def only(routes: list[Route], names: list[str]) -> list[Route]:
    """Those whose function is named, whole or by its end; all of them without names."""
    chosen = [route for route in routes if not names or any(_is_named(route, name) for name in names)]
    if unknown := [name for name in names if not any(_is_named(route, name) for route in routes)]:
        have = ", ".join(route.function for route in routes)
        raise Problem(f"{', '.join(unknown)}: no such function, use one of {have}")
    return chosen


def _is_named(route: Route, name: str) -> bool:
    return route.function == name or route.function.endswith(f"-{name}")


# ---------------------------------------------------------------- what lies there


@contextmanager
def taken(clients: Clients, routes: Iterable[Route]) -> Iterator[list[Waiting]]:
    """All that lies in the queues, the oldest first, hidden from others meanwhile; what was not deleted comes back."""
    messages: list[tuple[Route, dict[str, Any]]] = []
    try:
        for route in routes:
            for message in _received(clients.queues, route):
                messages.append((route, message))
        yield merged(understood(route, message) for route, message in messages)
    finally:
        for route, message in messages:
            _give_back(clients.queues, route, message["ReceiptHandle"])


def _received(queues: Any, route: Route) -> Iterator[dict[str, Any]]:
    while found := _look(queues, route):
        yield from found


def _look(queues: Any, route: Route) -> list[dict[str, Any]]:
    answer = queues.receive_message(
        QueueUrl=route.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=LOOK_SECONDS,
        VisibilityTimeout=HIDDEN_SECONDS, AttributeNames=["SentTimestamp"], MessageAttributeNames=["All"],
    )  # fmt: skip
    return list(answer.get("Messages") or [])


def _give_back(queues: Any, route: Route, receipt: str) -> None:
    try:
        queues.change_message_visibility(QueueUrl=route.queue_url, ReceiptHandle=receipt, VisibilityTimeout=0)
    except (ClientError, BotoCoreError):
        pass  # it was deleted, or it comes back by itself


def understood(route: Route, message: Mapping[str, Any]) -> Waiting:
    """A queue's message as an event. What is neither Lambda's envelope nor SNS's is told by the forwarder as text."""
    body = str(message.get("Body", ""))
    put_aside = _iso(int((message.get("Attributes") or {}).get("SentTimestamp", 0)) / 1000)
    content = _object(body)
    receipts = (str(message["ReceiptHandle"]),)
    if "requestPayload" in content and "requestContext" in content:
        payload = content["requestPayload"]
        event = payload if isinstance(payload, dict) else {"Records": [{"body": json.dumps(payload)}]}
        return Waiting(_sent(event) or put_aside, route, event, _what(event), _reason(content), receipts)
    if "TopicArn" in content and "Message" in content:
        event = {"Records": [_record(content)]}
        why = _attribute(message, "ErrorMessage") or "SNS could not hand it to the function"
        return Waiting(_sent(event) or put_aside, route, event, _what(event), _short(why), receipts)
    event = {"Records": [{"body": body}]}
    return Waiting(put_aside, route, event, _short(body), "of no known form: told as text", receipts)


def merged(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The oldest first, and each alert once for each function however often it lies there."""
    found: dict[tuple[str, str], Waiting] = {}
    for one in waiting:
        key = (one.route.function, _identity(one.event))
        known = found.get(key)
        found[key] = known._replace(receipts=known.receipts + one.receipts) if known else one
    return sorted(found.values(), key=lambda one: (one.at, one.route.function))


def _identity(event: Mapping[str, Any]) -> str:
    """SNS's id and message; signature and time of delivery differ between two deliveries of one message."""
    envelopes = [record.get("Sns") if isinstance(record, dict) else None for record in _records(event)]
    if envelopes and all(isinstance(sns, dict) and sns.get("MessageId") for sns in envelopes):
        return json.dumps([[sns.get("MessageId"), sns.get("Message")] for sns in envelopes if sns])
    return json.dumps(event, sort_keys=True)


def _record(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """SNS's message in the form in which SNS hands it to Lambda."""
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{envelope['TopicArn']}:{SNS_SUBSCRIPTION}",
        "Sns": {"Subject": None, "MessageAttributes": {}, **envelope},
    }


def _sent(event: Mapping[str, Any]) -> str:
    """SNS's time of the first record, empty without one."""
    for record in _records(event):
        sns = record.get("Sns") if isinstance(record, dict) else None
        if isinstance(sns, dict) and isinstance(sns.get("Timestamp"), str):
            return _utc(sns["Timestamp"])
    return ""


def _what(event: Mapping[str, Any]) -> str:
    """An alarm's name and change; of anything else the subject or the beginning."""
    said = []
    for record in _records(event):
        sns = record.get("Sns") if isinstance(record, dict) else None
        if not isinstance(sns, dict):
            said.append(json.dumps(record))
            continue
        message = _object(str(sns.get("Message")))
        if "AlarmName" in message:
            said.append(f"{message['AlarmName']} {message.get('OldStateValue', '?')} → {message.get('NewStateValue')}")
        else:
            said.append(str(sns.get("Subject") or sns.get("Message")))
    return _short("; ".join(said) if said else json.dumps(event))


def _reason(envelope: Mapping[str, Any]) -> str:
    response = envelope.get("responsePayload")
    said = str(response.get("errorMessage", "")) if isinstance(response, dict) else ""
    context = envelope["requestContext"]
    condition = str(context.get("condition", "")) if isinstance(context, dict) else ""
    return _short(said or condition)


def _attribute(message: Mapping[str, Any], name: str) -> str:
    attribute = (message.get("MessageAttributes") or {}).get(name)
    return str(attribute.get("StringValue", "")) if isinstance(attribute, dict) else ""


def _records(event: Mapping[str, Any]) -> list[Any]:
    records = event.get("Records")
    return records if isinstance(records, list) else []


def _object(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_WORD else line[: LONGEST_WORD - 1] + "…"


def _utc(text: str) -> str:
    """One form, so that times compare as text; what is no time is taken for none."""
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        return ""
    return _iso(at.timestamp() if at.tzinfo else at.replace(tzinfo=datetime.UTC).timestamp())


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")


# ---------------------------------------------------------------- showing and replaying


def show(waiting: list[Waiting], console: Console) -> None:
    """What would be replayed, in that order."""
    table = Table(box=None, pad_edge=False)
    for title in ("sent (UTC)", "to", "what", "why it lies there"):
        table.add_column(title, overflow="fold")
    for one in waiting:
        times = f" (lies there {len(one.receipts)} times)" if len(one.receipts) > 1 else ""
        table.add_row(one.at[:19].replace("T", " "), one.route.function, escape(one.what + times), escape(one.why))
    console.print(table)


def replay(clients: Clients, waiting: list[Waiting], console: Console) -> Counts:
    """Each once, one after the other; a message is deleted when its function has taken it, else it stays."""
    delivered = 0
    for one in waiting:
        problem = _hold(clients.queues, one) or _invoke(clients.functions, one)
        if problem:
            console.print(f"[red]✗[/] {escape(one.what)} → {one.route.function}: {escape(_short(problem))}; it stays")
            continue
        delivered += 1
        console.print(f"[green]✓[/] {escape(one.what)} → {one.route.function}")
        for receipt in one.receipts:
            _delete(clients.queues, one, receipt, console)
    return Counts(delivered, len(waiting) - delivered)


def _hold(queues: Any, one: Waiting) -> str:
    """Keeps the message hidden while the function works; why that cannot be had, if somebody else has it."""
    try:
        for receipt in one.receipts:
            queues.change_message_visibility(
                QueueUrl=one.route.queue_url, ReceiptHandle=receipt, VisibilityTimeout=LONGEST_INVOCATION_SECONDS
            )
    except ClientError as problem:
        return f"the queue does not keep it for this run any more ({problem.response['Error'].get('Code')})"
    return ""


def _invoke(functions: Any, one: Waiting) -> str:
    """Runs the function to its end; empty when it has taken the event, else why not."""
    try:
        answer = functions.invoke(
            FunctionName=one.route.function, InvocationType="RequestResponse", Payload=json.dumps(one.event).encode()
        )
    except ClientError as problem:
        return f"{problem.response['Error'].get('Code')}: {problem.response['Error'].get('Message')}"
    except BotoCoreError as problem:
        return str(problem)
    if "FunctionError" not in answer:
        return ""
    said = _object(answer["Payload"].read().decode("utf-8", "replace"))
    return str(said.get("errorMessage") or answer["FunctionError"])


def _delete(queues: Any, one: Waiting, receipt: str, console: Console) -> None:
    try:
        queues.delete_message(QueueUrl=one.route.queue_url, ReceiptHandle=receipt)
    except (ClientError, BotoCoreError) as problem:
        console.print(f"[yellow]![/] it was delivered but still lies in {one.route.queue_url}: {escape(str(problem))}")


def run(
    clients: Clients, routes: list[Route], console: Console, *, agreed: Callable[[int], bool], dry_run: bool
) -> int:
    """Show, ask, replay. 0 when nothing that should go is left. `agreed` is asked with the number of alerts."""
    with taken(clients, routes) as waiting:
        if not waiting:
            console.print(f"nothing lies in the {len(routes)} queue{'s' if len(routes) != 1 else ''}")
            return 0
        show(waiting, console)
        if dry_run or not agreed(len(waiting)):
            console.print(f"{len(waiting)} to replay; nothing was done")
            return 0
        counts = replay(clients, waiting, console)
    console.print(f"{counts.delivered} delivered, {counts.failed} failed and left in the queue")
    return 1 if counts.failed else 0
