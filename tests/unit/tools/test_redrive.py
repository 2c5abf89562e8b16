"""The operator's command that replays what could not be delivered, against queues and functions of this test."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from alertctl import cli, redrive
from botocore.exceptions import ClientError
from rich.prompt import Confirm

PAGERDUTY, SLACK = "ananta-pagerduty-forwarder", "ananta-slack-forwarder"
TOPIC = "arn:aws:sns:eu-central-1:000000000000:ananta-critical-alerts-topic"


class Queues:
    """SQS: messages by queue's URL; a received one is hidden until it is given back."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, str]] = {
            f"https://sqs/{name}-undelivered": {} for name in (PAGERDUTY, SLACK)
        }
        self.hidden: set[str] = set()
        self.taken_by_another: set[str] = set()
        self.number = 0

    def put(self, function: str, body: Any) -> str:
        self.number += 1
        receipt = f"receipt-{self.number}"
        text = body if isinstance(body, str) else json.dumps(body)
        self.messages[f"https://sqs/{function}-undelivered"][receipt] = text
        return receipt

    def left(self, function: str) -> list[str]:
        return list(self.messages[f"https://sqs/{function}-undelivered"])

    def get_queue_url(self, QueueName: str) -> dict[str, str]:
        url = f"https://sqs/{QueueName}"
        if url not in self.messages:
            raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue", "Message": "no"}}, "any")
        return {"QueueUrl": url}

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int, **options: Any) -> dict[str, Any]:
        assert options["VisibilityTimeout"] > 0
        seen = [one for one in self.messages[QueueUrl] if one not in self.hidden][:MaxNumberOfMessages]
        self.hidden.update(seen)
        found = [
            {
                "ReceiptHandle": one,
                "Body": self.messages[QueueUrl][one],
                "Attributes": {"SentTimestamp": "1700000000000"},
            }
            for one in seen
        ]
        return {"Messages": found} if found else {}

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        if ReceiptHandle in self.taken_by_another:
            raise ClientError({"Error": {"Code": "MessageNotInflight", "Message": "no"}}, "any")
        if VisibilityTimeout == 0:
            self.hidden.discard(ReceiptHandle)

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        del self.messages[QueueUrl][ReceiptHandle]


class Functions:
    """Lambda: remembers what it was invoked with; `broken` functions raise, `throttled` ones are not started."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, Any]] = []
        self.broken: set[str] = set()
        self.throttled: set[str] = set()
        self.poison = ""

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert InvocationType == "RequestResponse"
        if FunctionName in self.throttled:
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke")
        self.invoked.append((FunctionName, json.loads(Payload)))
        if FunctionName in self.broken or (self.poison and self.poison in Payload.decode()):
            error = {"errorType": "DeliveryFailed", "errorMessage": "cpu-high → PagerDuty: answered 500"}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(error).encode())}
        return {"StatusCode": 200, "Payload": io.BytesIO(b'{"delivered": 1}')}

    def messages(self) -> list[str]:
        """Ids of what the functions were given, in order."""
        return [event["Records"][0]["Sns"]["MessageId"] for _, event in self.invoked]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> redrive.Clients:
    clients = redrive.Clients(Queues(), Functions())
    monkeypatch.setattr(cli, "_redrive_clients", lambda options: clients)
    return clients


def sns(number: int, minute: int = 0, **fields: Any) -> dict[str, Any]:
    """SNS's message as its redrive puts it aside."""
    message = json.dumps({"AlarmName": f"alarm-{number}", "OldStateValue": "OK", "NewStateValue": "ALARM"})
    return {
        "Type": "Notification", "MessageId": f"id-{number}", "TopicArn": TOPIC, "Message": message,
        "Timestamp": f"2026-01-01T00:{minute:02}:00.000Z", "Signature": "s", **fields,
    }  # fmt: skip


def envelope(event: Any, said: str = "it failed") -> dict[str, Any]:
    """Lambda's envelope of an event that it gave up."""
    return {
        "version": "1.0",
        "timestamp": "2026-01-01T01:00:00.000Z",
        "requestContext": {"requestId": "r", "condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": event,
        "responsePayload": {"errorType": "DeliveryFailed", "errorMessage": said},
    }


def handed(envelope_of_sns: dict[str, Any]) -> dict[str, Any]:
    """SNS's message as Lambda gets it."""
    return {"Records": [{"EventSource": "aws:sns", "EventSubscriptionArn": f"{TOPIC}:1", "Sns": envelope_of_sns}]}


def test_both_kinds_are_replayed_as_they_were_the_oldest_first(
    aws: redrive.Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    given = handed(sns(2, minute=5))
    aws.queues.put(PAGERDUTY, sns(3, minute=9))
    aws.queues.put(PAGERDUTY, envelope(given))
    aws.queues.put(SLACK, sns(1, minute=1))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 0

    assert [name for name, _ in aws.functions.invoked] == [SLACK, PAGERDUTY, PAGERDUTY]
    assert aws.functions.messages() == ["id-1", "id-2", "id-3"]
    assert aws.functions.invoked[1][1] == given
    record = aws.functions.invoked[2][1]["Records"][0]
    assert record["EventSource"] == "aws:sns" and record["Sns"]["Message"] == sns(3)["Message"]
    assert aws.queues.left(PAGERDUTY) == aws.queues.left(SLACK) == []
    assert "3 delivered, 0 failed" in capsys.readouterr().err


@pytest.mark.parametrize("answer", [["--dry-run"], []], ids=["dry run", "asked, and told no"])
def test_it_shows_first_what_it_would_do_and_leaves_all_as_it_was(
    aws: redrive.Clients, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(Confirm, "ask", lambda *_, **__: False)
    receipt = aws.queues.put(SLACK, envelope(handed(sns(1, minute=7)), said="alarm-1 → #x: answered 404: no_service"))

    assert cli.main(["redrive", "--prefix", "ananta", *answer]) == 0

    said = " ".join(capsys.readouterr().err.split())
    assert "2026-01-01 00:07:00" in said and "alarm-1 OK → ALARM" in said and "nothing was done" in said
    assert "answered 404: no_service" in said
    assert aws.functions.invoked == [] and aws.queues.left(SLACK) == [receipt] and aws.queues.hidden == set()


def test_who_agrees_when_asked_has_it_replayed(aws: redrive.Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(question: str, **_: Any) -> bool:
        asked.append(question)
        return True

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(Confirm, "ask", ask)
    aws.queues.put(SLACK, sns(1))

    assert cli.main(["redrive", "--prefix", "ananta"]) == 0
    assert asked == ["Replay 1?"] and aws.functions.messages() == ["id-1"]


def test_what_fails_stays_and_hides_nothing_behind_it(aws: redrive.Clients, capsys: pytest.CaptureFixture[str]) -> None:
    aws.functions.poison = "alarm-1"
    poisoned = aws.queues.put(PAGERDUTY, envelope(handed(sns(1, minute=1))))
    aws.queues.put(PAGERDUTY, sns(2, minute=2))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 1

    assert aws.queues.left(PAGERDUTY) == [poisoned] and aws.queues.hidden == set()
    said = capsys.readouterr().err
    assert "answered 500; it stays" in said and "1 delivered, 1 failed and left in the queue" in said


def test_a_function_that_cannot_be_started_loses_nothing(aws: redrive.Clients) -> None:
    aws.functions.throttled = {SLACK}
    kept = aws.queues.put(SLACK, sns(1))
    aws.queues.put(PAGERDUTY, sns(1))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 1
    assert aws.queues.left(SLACK) == [kept] and aws.queues.left(PAGERDUTY) == []


def test_an_alert_that_lies_there_twice_is_told_once(aws: redrive.Clients) -> None:
    aws.queues.put(PAGERDUTY, sns(1, Signature="one"))
    aws.queues.put(PAGERDUTY, envelope(handed(sns(1, Signature="another"))))
    aws.queues.put(SLACK, sns(1))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 0

    assert [name for name, _ in aws.functions.invoked] == [PAGERDUTY, SLACK]
    assert aws.queues.left(PAGERDUTY) == aws.queues.left(SLACK) == []


def test_two_messages_under_one_id_are_two(aws: redrive.Clients) -> None:
    aws.queues.put(PAGERDUTY, sns(1))
    aws.queues.put(PAGERDUTY, sns(1, Message="another"))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 0
    assert len(aws.functions.invoked) == 2


@pytest.mark.parametrize("body", ["no JSON", '{"a": 1}', "[1]", "null", '{"requestPayload": "x", "requestContext": 1}'])
def test_what_has_no_known_form_is_replayed_as_text(aws: redrive.Clients, body: str) -> None:
    aws.queues.put(SLACK, body)

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 0

    assert len(aws.functions.invoked) == 1 and aws.queues.left(SLACK) == []
    assert isinstance(aws.functions.invoked[0][1]["Records"][0]["body"], str)


def test_more_than_one_receive_are_all_taken(aws: redrive.Clients) -> None:
    for number in range(25):
        aws.queues.put(SLACK, sns(number, minute=59 - number))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 0
    assert aws.functions.messages() == [f"id-{number}" for number in reversed(range(25))]


def test_a_message_that_somebody_else_has_taken_meanwhile_is_left_to_them(aws: redrive.Clients) -> None:
    aws.queues.taken_by_another = {aws.queues.put(SLACK, sns(1))}

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 1
    assert aws.functions.invoked == [] and len(aws.queues.left(SLACK)) == 1


def test_a_stop_in_the_middle_gives_the_rest_back(aws: redrive.Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(**_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(aws.functions, "invoke", stop)
    kept = aws.queues.put(SLACK, sns(1))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes"]) == 1
    assert aws.queues.left(SLACK) == [kept] and aws.queues.hidden == set()


def test_only_the_named_function_is_touched(aws: redrive.Clients) -> None:
    aws.queues.put(SLACK, sns(1))
    kept = aws.queues.put(PAGERDUTY, sns(1))

    assert cli.main(["redrive", "--prefix", "ananta", "--yes", "--only", "slack-forwarder"]) == 0
    assert aws.queues.left(PAGERDUTY) == [kept] and aws.queues.left(SLACK) == []


def module_outputs() -> dict[str, Any]:
    names = {"pagerduty-forwarder": PAGERDUTY, "slack-forwarder": SLACK}
    urls = {function: f"https://sqs/{name}-undelivered" for function, name in names.items()}
    return {"undelivered_queue_urls": urls, "function_names": names, "name": "ananta"}


@pytest.mark.parametrize(
    "outputs",
    [
        {name: {"sensitive": False, "type": [], "value": value} for name, value in module_outputs().items()},
        {"alerting": {"sensitive": False, "type": [], "value": module_outputs()}},
        module_outputs(),
    ],
    ids=["the root's own", "the module in one output", "the module alone"],
)
def test_the_queues_are_found_in_the_outputs(aws: redrive.Clients, tmp_path: Path, outputs: dict[str, Any]) -> None:
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(outputs))
    aws.queues.put(SLACK, sns(1))

    assert cli.main(["redrive", "--outputs", str(path), "--yes"]) == 0
    assert aws.functions.messages() == ["id-1"]


def test_empty_queues_are_said_to_be_empty(aws: redrive.Clients, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["redrive", "--prefix", "ananta", "--dry-run"]) == 0
    assert "nothing lies in the 2 queues" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prefix", "ananta"], "there is no terminal to ask on: use --dry-run"),
        (["--prefix", "anan", "--yes"], "there is no queue anan-…-undelivered"),
        (["--prefix", "ananta", "--yes", "--only", "mail"], "mail: no such function, use one of ananta-pagerduty"),
        (["--outputs", "-", "--yes"], "the outputs have no undelivered_queue_urls and function_names"),
    ],
)
def test_a_mistake_is_one_line(
    aws: redrive.Clients,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"alerting": {"sensitive": false, "value": {}}}'))

    assert cli.main(["redrive", *arguments]) == 1

    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1
