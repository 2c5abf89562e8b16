"""The AWS services that a forwarder asks: Secrets Manager, CloudWatch, and the extension that caches secrets.

They hold each signature against botocore's own signer.
"""

import json
import ssl
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.harness.standins.https import Answer, HttpStandin, Request

KEY_ID, SECRET_KEY, SESSION_TOKEN = "AKIDEXAMPLE", "example/secret+key", "example-token"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
}


class Service(HttpStandin):
    """Answers `reply`; a request whose signature botocore would not have made gets 403."""

    service = ""  # as the signature's scope names it

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(context, keep_alive=True)

    def answer(self, request: Request) -> Answer:
        return self.reply(request) if _is_well_signed(request, self.service) else _error("InvalidSignatureException")

    def reply(self, request: Request) -> Answer:
        """The answer to a request that is well signed."""
        raise NotImplementedError

    def faulted(self, request: Request, problem: str) -> None:
        """`requests` holds it."""


class SecretsManager(Service):
    """GetSecretValue for the values that one sets like a dictionary's; None is a secret that nobody has filled."""

    service = "secretsmanager"

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.values: dict[str, str | None] = {}
        super().__init__(context)

    def __setitem__(self, secret: str, value: str | None) -> None:
        self.values[secret] = value

    def __getitem__(self, secret: str) -> str | None:
        return self.values[secret]

    def reply(self, request: Request) -> Answer:
        assert request.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        secret = json.loads(request.body)["SecretId"]
        value = self.values.get(secret)
        if value is None:
            return _error("ResourceNotFoundException", 400)
        return Answer(200, json.dumps({"Name": secret, "SecretString": value, "VersionStages": ["AWSCURRENT"]}))

    def asked(self) -> list[str]:
        """Ids of the secrets that were asked for."""
        return [json.loads(request.body)["SecretId"] for request in self.requests]


class CloudWatch(Service):
    """DescribeAlarms for the alarms that one sets: name → (state, ISO time)."""

    service = "monitoring"

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.alarms: dict[str, tuple[str, str]] = {}
        super().__init__(context)

    def reply(self, request: Request) -> Answer:
        form = parse_qs(request.body.decode())
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
        return [parse_qs(request.body.decode())["AlarmNames.member.1"][0] for request in self.requests]


class Extension(Service):
    """The AWS Parameters and Secrets extension, which asks for a token in the signature's place."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        super().__init__()

    def answer(self, request: Request) -> Answer:
        if request.headers.get("x-aws-parameters-secrets-token") != SESSION_TOKEN:
            return Answer(401, "not authorized")
        secret = parse_qs(request.query)["secretId"][0]
        if secret not in self.values:
            return Answer(400, "an unexpected error occurred while executing request")
        return Answer(200, json.dumps({"Name": secret, "SecretString": self.values[secret]}))


def _error(kind: str, status: int = 403) -> Answer:
    return Answer(status, json.dumps({"__type": kind, "Message": "as the service would say"}))


def _is_well_signed(request: Request, service: str) -> bool:
    given = request.headers.get("authorization", "")
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    region = given.partition("Credential=")[2].split("/")[2] if "Credential=" in given else ""
    signed = AWSRequest(request.method, f"http://{request.headers['host']}{request.path}", data=request.body)
    for name in names:
        if name != "host":
            signed.headers[name] = request.headers.get(name, "")
    signed.context["timestamp"] = request.headers.get("x-amz-date", "")
    signer = SigV4Auth(Credentials(KEY_ID, SECRET_KEY, SESSION_TOKEN), service, region)
    canonical = signer.canonical_request(signed)
    signature = signer.signature(signer.string_to_sign(signed, canonical), signed)
    scope = f"Credential={signer.scope(signed)}, SignedHeaders={';'.join(names)}"
    return given == f"AWS4-HMAC-SHA256 {scope}, Signature={signature}"
