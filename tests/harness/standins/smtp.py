"""A mail server that takes nothing without STARTTLS and a password, and no line that a strict server would refuse."""

import asyncio
import email
import email.policy
import logging
import re
import ssl
import time
from collections.abc import Iterable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.harness.standins.https import Standin
from tests.harness.standins.recorder import Delivery, Names, Recorder, state_of

# aiosmtpd warns of its own use of a deprecated field at every login.
logging.getLogger("mail.log").setLevel(logging.ERROR)

LONGEST_LINE = 998  # bytes without CRLF (RFC 5321)
UNKNOWN = "mail:unknown"  # receiver of a mail that met a fault before its recipients were known


class Mail(Standin):
    """An SMTP server on 127.0.0.1; each recipient of a mail is a receiver of its own: `mail@oncall@ananta.io`.

    Faults answer at the end of DATA; `where` names a receiver and is compared with the mail's first recipient.
    """

    def __init__(
        self,
        recorder: Recorder,
        context: ssl.SSLContext,
        username: str = "alertmanager",
        password: str = "mail-password",
        known_names: Iterable[str] = (),
        port: int = 0,
    ) -> None:
        super().__init__()
        self.username = username
        self.password = password
        self.port = port
        self._recorder = recorder
        self._context = context
        self._names = Names(known_names)
        self._controller: _Controller | None = None
        self._open_socket()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.username.encode(),
            self.password.encode(),
        )
        return AuthResult(success=good, handled=False)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd calls this with a whole mail; the answer is SMTP's."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        receivers = [receiver(address) for address in envelope.rcpt_tos]
        fault = self.faults.take(receivers[0])
        if fault and fault.answer is None:
            self._record(receivers, content, "no answer")
            while not self.faults.released.is_set():
                await asyncio.sleep(0.05)
            return "421 4.3.0 given up"
        if fault and fault.answer:
            self._record(receivers, content, f"answered {fault.answer.status}")
            return f"{fault.answer.status} {fault.answer.body or 'refused'}"
        longest = max(len(line.rstrip(b"\r")) for line in content.split(b"\n"))
        if longest > LONGEST_LINE:
            self._record(receivers, content, f"a line of {longest} bytes, at most {LONGEST_LINE}")
            return "500 5.5.2 Line too long"
        self._record(receivers, content)
        return "250 2.0.0 taken"

    def _record(self, receivers: list[str], content: bytes, problem: str = "") -> None:
        body = read_mail(content)
        told = body["subject"], "\n".join([body["text"], words(body["html"])])
        names = self._names.find(*told)
        for one in receivers:
            self._recorder.add(Delivery(time.time(), one, state_of(*told), names, body, problem))

    def _open_socket(self) -> None:
        if self._controller:
            return
        self._controller = _Controller(self, self._context, self.port)
        self._controller.start()
        self.port = self._controller.bound_port

    def _close_socket(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None


def receiver(address: str) -> str:
    return f"mail@{address}"


def read_mail(content: bytes) -> dict[str, Any]:
    """A mail as its reader sees it: `subject`, `from`, `to`, `text`, `html` (decoded), and `headers`."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return {
        "subject": str(message.get("Subject", "")),
        "from": str(message.get("From", "")),
        "to": str(message.get("To", "")),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "headers": {key: str(value) for key, value in message.items()},
    }


def words(html: str) -> str:
    """The text between the tags."""
    return re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<(style|head)\b.*?</\1>", " ", html))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


class _Protocol(SMTP):
    line_length_limit = 1024 * 1024  # long lines are judged where they can be recorded


class _Controller(Controller):
    """aiosmtpd in its own daemon thread; port 0 takes a free one."""

    def __init__(self, mail: Mail, context: ssl.SSLContext, port: int) -> None:
        self._mail = mail
        self._tls = context
        super().__init__(mail, hostname="127.0.0.1", port=port)

    @property
    def bound_port(self) -> int:
        assert isinstance(self.server, asyncio.base_events.Server)
        return int(self.server.sockets[0].getsockname()[1])

    def factory(self) -> SMTP:
        return _Protocol(
            self._mail,
            hostname="mail.test",
            tls_context=self._tls,
            require_starttls=True,
            auth_required=True,
            auth_require_tls=True,
            auth_exclude_mechanism=["LOGIN"],  # Go's client picks PLAIN only when LOGIN is not offered first
            authenticator=self._mail.authenticate,
            enable_SMTPUTF8=True,
        )

    def _trigger_server(self) -> None:
        self.port = self.bound_port  # aiosmtpd connects once, to see the factory work
        super()._trigger_server()  # type: ignore[no-untyped-call]
