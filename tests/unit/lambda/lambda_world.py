"""PagerDuty, Slack, Secrets Manager and CloudWatch as small real servers on 127.0.0.1, and forwarders to talk to them.

They check what the real ones check: PagerDuty its event, Slack its blocks and limits, AWS the signature.
"""

from __future__ import annotations

import importlib
import json
import os
import ssl
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SOURCE = str(Path(__file__).resolve().parents[3] / "lambda_src")
ACCOUNT = "123456789012"
KEY_ID, SECRET_KEY, SESSION_TOKEN = "AKIDEXAMPLE", "example/secret+key", "example-token"
CHANNELS = {
    "#critical-alerts": "ananta/slack-critical-webhook",
    "#platform-alerts": "ananta/slack-warnings-webhook",
    "#slo-alerts": "ananta/slack-slo-webhook",
    "#database-alerts": "ananta/slack-database-webhook",
    "#infrastructure-alerts": "ananta/slack-infrastructure-webhook",
    "#control-plane-alerts": "ananta/slack-control-plane-webhook",
    "#app-plane-alerts": "ananta/slack-app-plane-webhook",
}
ROUTING: list[dict[str, Any]] = [
    {
        "s": ["critical"],
        "t": "critical",
        "pd": "ananta/pagerduty-key",
        "sl": CHANNELS["#critical-alerts"],
        "ch": "#critical-alerts",
    },
    {"s": ["warning"], "t": "warning", "sl": CHANNELS["#platform-alerts"], "ch": "#platform-alerts"},
    {"s": ["info"], "t": "info", "sl": CHANNELS["#platform-alerts"], "ch": "#platform-alerts"},
    {"c": ["slo"], "t": "slo-team", "sl": CHANNELS["#slo-alerts"], "ch": "#slo-alerts"},
    {"c": ["database"], "t": "database-team", "sl": CHANNELS["#database-alerts"], "ch": "#database-alerts"},
    {
        "c": ["infrastructure", "monitoring"],
        "t": "infrastructure-team",
        "sl": CHANNELS["#infrastructure-alerts"],
        "ch": "#infrastructure-alerts",
    },
    {
        "p": ["control"],
        "t": "control-plane-team",
        "sl": CHANNELS["#control-plane-alerts"],
        "ch": "#control-plane-alerts",
    },
    {"p": ["app"], "t": "app-plane-team", "sl": CHANNELS["#app-plane-alerts"], "ch": "#app-plane-alerts"},
]
TOPIC_SEVERITIES = {
    "critical-alerts-topic": "critical",
    "warning-alerts-topic": "warning",
    "slo-violations-topic": "",
    "infrastructure-alerts-topic": "",
}


class Answer(NamedTuple):
    """What a server says next. `seconds` is how long it keeps silent first."""

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


class Request(NamedTuple):
    """What a server has heard."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    at: float


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # without HTTPServer's question to DNS for the own name

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class Server:
    """An HTTP(S) server that answers what it was told to, then what it would answer by itself."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.next: deque[Answer] = deque()
        self.always: Answer | None = None
        self._closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5
            disable_nagle_algorithm = True

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                heard = Request(self.command, self.path, dict(self.headers.items()), body, time.time())
                outer.requests.append(heard)
                answer = outer.next.popleft() if outer.next else outer.always or outer.answer(heard)
                if answer.seconds:
                    outer._closing.wait(answer.seconds)
                content = answer.body.encode()
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET = _serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = _Listener(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake belongs to the connection's own thread, or one client that stalls would stop all.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: Request) -> Answer:
        """What the real service would say to it."""
        return Answer(200, "{}")

    def answers(self, *answers: Answer) -> None:
        """These, one for each request to come, then its own again."""
        self.next.extend(answers)

    def forget(self) -> None:
        """Everything heard so far."""
        self.requests.clear()

    def close(self) -> None:
        """Lets go of whoever waits, and of the port."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


class PagerDuty(Server):
    """Events API v2: 202 for a good event with a known key, 400 with the documented body for anything else."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(certificate)
        self.keys = {"R0UT1NGK3Y0000000000000000000001"}

    def accept_only(self, key: str) -> None:
        """The key was rotated."""
        self.keys = {key}

    def answer(self, request: Request) -> Answer:
        errors = self.errors(json.loads(request.body))
        if errors:
            said = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return Answer(400, json.dumps(said))
        key = json.loads(request.body).get("dedup_key", "")
        return Answer(202, json.dumps({"status": "success", "message": "Event processed", "dedup_key": key}))

    def errors(self, event: dict[str, Any]) -> list[str]:
        """What the documented schema finds wrong."""
        found = []
        if event.get("routing_key") not in self.keys:
            found.append("'routing_key' is missing or invalid")
        if event.get("event_action") not in ("trigger", "resolve", "acknowledge"):
            found.append("'event_action' is missing or invalid")
        key = event.get("dedup_key", "")
        if not isinstance(key, str) or len(key) > 255 or (event.get("event_action") == "resolve" and not key):
            found.append("'dedup_key' is missing or invalid")
        payload = event.get("payload", {})
        if event.get("event_action") == "trigger" or payload:
            for name, limit in (("summary", 1024), ("source", 255)):
                if not isinstance(payload.get(name), str) or not 0 < len(payload[name]) <= limit:
                    found.append(f"'payload.{name}' is missing or invalid")
            if payload.get("severity") not in ("critical", "error", "warning", "info"):
                found.append("'payload.severity' is missing or invalid")
        for link in event.get("links", []):
            if not link.get("href", "").startswith("http") or not link.get("text"):
                found.append("'links' is invalid")
        if len(json.dumps(event)) > 512 * 1024:
            found.append("event is too large")
        return found

    @property
    def taken(self) -> list[dict[str, Any]]:
        """Every event that was good and that a known key came with."""
        return [event for request in self.requests if not self.errors(event := json.loads(request.body))]

    def told(self) -> list[tuple[str, str]]:
        """Action and name of each event taken."""
        return [(event["event_action"], event["payload"]["custom_details"]["name"]) for event in self.taken]

    def incidents(self) -> dict[str, str]:
        """What an on-call engineer sees: the incident's key and `open` or `resolved`."""
        seen: dict[str, str] = {}
        for event in self.taken:
            if event["event_action"] == "trigger":
                seen[event["dedup_key"]] = "open"
            elif seen.get(event["dedup_key"]):
                seen[event["dedup_key"]] = "resolved"
        return seen


class Slack(Server):
    """Incoming webhooks: the channel is known by the path alone; a payload that breaks a limit is refused."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(certificate)
        self.hooks = {f"/services/T000/B000/{channel[1:]}-token": channel for channel in CHANNELS}

    def hook(self, channel: str) -> str:
        """The channel's webhook, a secret."""
        return self.url + next(path for path, name in self.hooks.items() if name == channel)

    def answer(self, request: Request) -> Answer:
        if request.path not in self.hooks:
            return Answer(404, "no_service")
        return Answer(400, "invalid_blocks") if self.errors(json.loads(request.body)) else Answer(200, "ok")

    def errors(self, message: dict[str, Any]) -> list[str]:
        """What Slack would refuse."""
        found = []
        if not isinstance(message.get("text"), str) or not 0 < len(message["text"]) <= 4000:
            found.append("text")
        blocks = list(message.get("blocks", []))
        for attachment in message.get("attachments", []):
            blocks += attachment["blocks"]
        if len(blocks) > 50:
            found.append("too many blocks")
        for block in blocks:
            found += _block_errors(block)
        return found

    def messages(self, channel: str = "") -> list[dict[str, Any]]:
        """What a channel shows; of all channels when none is named."""
        return [
            json.loads(request.body)
            for request in self.requests
            if request.path in self.hooks and channel in ("", self.hooks[request.path])
        ]

    def channels(self) -> list[str]:
        """Where the messages went, in order."""
        return [self.hooks[request.path] for request in self.requests if request.path in self.hooks]


def _block_errors(block: dict[str, Any]) -> list[str]:
    kind, found = block.get("type"), []
    if kind == "section":
        if "text" not in block and not block.get("fields"):
            found.append("an empty section")
        if "text" in block and not 0 < len(block["text"]["text"]) <= 3000:
            found.append("a section's text")
        fields = block.get("fields", [])
        if len(fields) > 10 or any(not 0 < len(field["text"]) <= 2000 for field in fields):
            found.append("fields")
    elif kind == "actions":
        elements = block["elements"]
        if not 0 < len(elements) <= 25:
            found.append("elements")
        for element in elements:
            if element["type"] != "button" or not 0 < len(element["text"]["text"]) <= 75 or len(element["url"]) > 3000:
                found.append("a button")
    elif kind == "context":
        if not 0 < len(block["elements"]) <= 10 or any(not element["text"] for element in block["elements"]):
            found.append("a context")
    else:
        found.append(f"a block of type {kind}")
    return found


def shown(message: dict[str, Any]) -> str:
    """All the text of a Slack message, as a reader sees it."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("text", "url") and isinstance(inner, str):
                    found.append(inner)
                else:
                    walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk({key: value for key, value in message.items() if key != "text" or "blocks" not in message})
    return "\n".join(found).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


class Aws(Server):
    """An AWS service: a request whose signature botocore would not have made gets 403."""

    service = ""

    def answer(self, request: Request) -> Answer:
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = headers.get("authorization", "")
        if given != self._expected(request, headers, given):
            return Answer(403, json.dumps({"__type": "InvalidSignatureException"}))
        return self.reply(request)

    def reply(self, request: Request) -> Answer:
        """The answer to a request that is well signed."""
        raise NotImplementedError

    def _expected(self, request: Request, headers: dict[str, str], given: str) -> str:
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        region = given.partition("Credential=")[2].split("/")[2] if "Credential=" in given else ""
        signed = AWSRequest(request.method, f"http://{headers['host']}{request.path}", data=request.body.encode())
        for name in names:
            if name != "host":
                signed.headers[name] = headers.get(name, "")
        signed.context["timestamp"] = headers.get("x-amz-date", "")
        signer = SigV4Auth(Credentials(KEY_ID, SECRET_KEY, SESSION_TOKEN), self.service, region)
        canonical = signer.canonical_request(signed)
        signature = signer.signature(signer.string_to_sign(signed, canonical), signed)
        scope = signer.scope(signed)
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(names)}, Signature={signature}"


class SecretsManager(Aws):
    """GetSecretValue for the values that one sets like a dictionary's; None is a secret that nobody has filled."""

    service = "secretsmanager"

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str | None] = {}

    def __setitem__(self, secret: str, value: str | None) -> None:
        self.values[secret] = value

    def __getitem__(self, secret: str) -> str | None:
        return self.values[secret]

    def reply(self, request: Request) -> Answer:
        assert request.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
        secret = json.loads(request.body)["SecretId"]
        value = self.values.get(secret)
        if value is None:
            said = {"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret"}
            return Answer(400, json.dumps(said))
        return Answer(200, json.dumps({"Name": secret, "SecretString": value, "VersionStages": ["AWSCURRENT"]}))

    def asked(self) -> list[str]:
        """Ids of the secrets that were asked for."""
        return [json.loads(request.body)["SecretId"] for request in self.requests]


class CloudWatch(Aws):
    """DescribeAlarms for the alarms that one sets: name → (state, ISO time)."""

    service = "monitoring"

    def __init__(self) -> None:
        super().__init__()
        self.alarms: dict[str, tuple[str, str]] = {}

    def reply(self, request: Request) -> Answer:
        form = parse_qs(request.body)
        assert form["Action"] == ["DescribeAlarms"]
        assert form["AlarmTypes.member.1"] + form["AlarmTypes.member.2"] == ["CompositeAlarm", "MetricAlarm"]
        name = form["AlarmNames.member.1"][0]
        member = ""
        if name in self.alarms:
            state, since = self.alarms[name]
            member = (
                f"<member><AlarmName>{escape(name)}</AlarmName><StateValue>{state}</StateValue>"
                f"<StateUpdatedTimestamp>{since}</StateUpdatedTimestamp></member>"
            )
        return Answer(
            200,
            '<DescribeAlarmsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><DescribeAlarmsResult>'
            f"<MetricAlarms>{member}</MetricAlarms></DescribeAlarmsResult></DescribeAlarmsResponse>",
        )

    def asked(self) -> list[str]:
        """Names of the alarms that were asked for."""
        return [parse_qs(request.body)["AlarmNames.member.1"][0] for request in self.requests]


class Extension(Server):
    """The AWS Parameters and Secrets extension."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def answer(self, request: Request) -> Answer:
        if request.headers.get("X-Aws-Parameters-Secrets-Token") != SESSION_TOKEN:
            return Answer(401, "not authorized")
        secret = parse_qs(urlsplit(request.path).query)["secretId"][0]
        if secret not in self.values:
            return Answer(400, "an unexpected error occurred while executing request")
        return Answer(200, json.dumps({"Name": secret, "SecretString": self.values[secret]}))


class Context:
    """Lambda's context of an invocation that has `seconds` left."""

    def __init__(self, seconds: float = 30.0) -> None:
        self._until = time.monotonic() + seconds
        self.invoked_function_arn = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:forwarder"
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self) -> int:
        return int((self._until - time.monotonic()) * 1000)


_environment: dict[str, str] = {}  # what the functions have been given last


class Forwarder:
    """One warm instance of a function: its memory lasts until `restart`."""

    def __init__(self, name: str, environment: Callable[[], dict[str, str]], folder: str = "") -> None:
        self.name = name
        self._environment = environment
        self._folder = folder  # where its code lies, when it is not the source
        self._handler: Callable[[Any, Any], Any]
        self.restart()

    def restart(self) -> None:
        """Another instance, which remembers nothing."""
        for module in [name for name in sys.modules if name.split(".")[0] in ("forwarder", self.name.split(".")[0])]:
            del sys.modules[module]
        sys.path.insert(0, self._folder or SOURCE)
        self._handler = importlib.import_module(self.name).lambda_handler
        sys.path.remove(self._folder or SOURCE)

    def receive(self, event: Any, seconds: float = 30.0) -> Any:
        """The function wakes for the event; what it raises is raised."""
        given = self._environment()
        if given != _environment:
            for name in _environment.keys() - given.keys():
                os.environ.pop(name, None)
            os.environ.update(given)
            _environment.clear()
            _environment.update(given)
        return self._handler(event, Context(seconds))
