import smtplib
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest

from tests.harness.standins.recorder import Recorder
from tests.harness.standins.smtp import Mail
from tests.harness.standins.tls import Authority
from tests.unit.standins.conftest import NAMES

FROM, ONCALL, TEAM = "alerts@ananta.io", "oncall@ananta.io", "app-plane-team@ananta.io"


@pytest.fixture
def mail(recorder: Recorder, context: ssl.SSLContext) -> Iterator[Mail]:
    with Mail(recorder, context, known_names=NAMES) as server:
        yield server


Client = Callable[..., smtplib.SMTP]


@pytest.fixture
def client(mail: Mail, authority: Authority) -> Iterator[Client]:
    """A client that has come as far as it was asked to."""
    opened: list[smtplib.SMTP] = []

    def connect(*, tls: bool = True, password: str = mail.password, timeout: float = 5) -> smtplib.SMTP:
        smtp = smtplib.SMTP("127.0.0.1", mail.port, timeout=timeout)
        opened.append(smtp)
        if tls:
            smtp.starttls(context=authority.client_context())
        if password:
            smtp.login(mail.username, password)
        return smtp

    yield connect
    for smtp in opened:
        smtp.close()


def message(subject: str = "[FIRING:1] ServiceDown: cns-service läuft nicht") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, FROM, ", ".join([ONCALL, TEAM])
    mail.set_content("ServiceDown: cns-service läuft nicht")
    mail.add_alternative("<p><b>ServiceDown</b>: cns-service läuft nicht</p>", subtype="html")
    return mail


def test_a_mail_is_recorded_for_each_recipient_as_it_is_read(client: Client, recorder: Recorder) -> None:
    client().send_message(message())

    first, second = recorder.since()
    assert [first.receiver, second.receiver] == [f"mail@{ONCALL}", f"mail@{TEAM}"]
    assert (first.state, first.names, first.problem) == ("firing", ("ServiceDown",), "")
    assert isinstance(first.body, dict)
    assert first.body["subject"] == "[FIRING:1] ServiceDown: cns-service läuft nicht"
    assert "läuft nicht" in first.body["text"]
    assert "<b>ServiceDown</b>" in first.body["html"]


def test_an_end_is_an_end(client: Client, recorder: Recorder) -> None:
    client().send_message(message("[RESOLVED] ServiceDown"))

    assert recorder.since()[0].state == "resolved"


def test_nothing_is_taken_without_tls(client: Client, recorder: Recorder) -> None:
    with pytest.raises(smtplib.SMTPException, match="STARTTLS"):
        client(tls=False, password="").sendmail(FROM, [ONCALL], "Subject: x\r\n\r\nx")

    assert recorder.since() == []


def test_nothing_is_taken_without_a_password(client: Client, recorder: Recorder) -> None:
    with pytest.raises(smtplib.SMTPException, match="Authentication required"):
        client(password="").send_message(message())

    assert recorder.since() == []


def test_a_password_with_a_trailing_newline_is_refused(mail: Mail, client: Client) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError):
        client(password=f"{mail.password}\n")


def test_plain_is_the_only_mechanism_offered(client: Client) -> None:
    smtp = client(password="")
    smtp.ehlo()

    assert smtp.esmtp_features["auth"].split() == ["PLAIN"]


@pytest.mark.parametrize(("length", "taken"), [(998, True), (999, False)])
def test_a_line_is_at_most_998_bytes_long(client: Client, recorder: Recorder, length: int, taken: bool) -> None:
    line = "x" * length
    try:
        client().sendmail(FROM, [ONCALL], f"Subject: ServiceDown\r\n\r\n{line}\r\n")
    except smtplib.SMTPDataError as error:
        assert error.smtp_code == 500

    assert [one.problem == "" for one in recorder.since()] == [taken]


def test_a_mail_can_be_refused_after_its_data(mail: Mail, client: Client, recorder: Recorder) -> None:
    mail.answer_with(451, "try again", times=1, where=f"mail@{ONCALL}")

    with pytest.raises(smtplib.SMTPDataError) as error:
        client().send_message(message())
    assert error.value.smtp_code == 451
    client().send_message(message())

    assert [one.problem for one in recorder.since()] == ["answered 451", "answered 451", "", ""]


def test_a_server_that_refuses_comes_back_on_its_port(mail: Mail, client: Client, recorder: Recorder) -> None:
    mail.refuse()
    with pytest.raises(ConnectionRefusedError):
        client()

    mail.heal()
    client().send_message(message())

    assert len(recorder.since()) == 2


def test_a_server_that_hangs_answers_nothing_after_the_data(mail: Mail, client: Client, recorder: Recorder) -> None:
    mail.hang()
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        client(timeout=0.3).send_message(message())

    mail.heal()

    assert {one.problem for one in recorder.since()} == {"no answer"}
