"""The operator's command that fills secrets, against a Secrets Manager of this test."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from alertctl import cli
from botocore.exceptions import ClientError
from rich.prompt import Prompt

KEY = "abcdefghijklmnopqrstuvwxyz012345"
WEBHOOK = "https://hooks.slack.com/services/T/B/x"
IDS = {
    name: f"ananta/{name.replace('_', '-')}" for name in ("pagerduty_key", "slack_critical_webhook", "smtp_password")
}


class SecretsManager:
    """Secrets by name; None is one that was never filled."""

    def __init__(self) -> None:
        self.values: dict[str, str | None] = dict.fromkeys(IDS.values())
        self.deleted: set[str] = set()

    def put_secret_value(self, SecretId: str, SecretString: str) -> None:
        self._known(SecretId)
        self.values[SecretId] = SecretString

    def describe_secret(self, SecretId: str) -> dict[str, Any]:
        self._known(SecretId)
        filled = self.values[SecretId] is not None
        deleted = {"DeletedDate": 1} if SecretId in self.deleted else {}
        return {"VersionIdsToStages": {"v1": ["AWSCURRENT"]} if filled else {}, **deleted}

    def get_paginator(self, operation: str) -> "SecretsManager":
        assert operation == "list_secrets"
        return self

    def paginate(self, Filters: Any) -> list[dict[str, Any]]:
        return [{"SecretList": [{"Name": name} for name in [*self.values, "ananta-other/x"]]}]

    def _known(self, name: str) -> None:
        if name not in self.values:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "any")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> SecretsManager:
    manager = SecretsManager()
    monkeypatch.setattr(cli, "_client", lambda options: manager)
    monkeypatch.setattr(cli, "_has_terminal", lambda: False)
    return manager


@pytest.fixture
def outputs(tmp_path: Path) -> str:
    secrets = {name: {"id": secret, "description": f"what {name} is"} for name, secret in IDS.items()}
    path = tmp_path / "outputs.json"
    path.write_text(
        json.dumps({"secrets_to_fill": {"sensitive": False, "type": [], "value": secrets}, "name": {"value": 1}})
    )
    return str(path)


def written(folder: Path, **values: object) -> str:
    path = folder / "values.yaml"
    path.write_text("".join(f"{name}: {json.dumps(value)}\n" for name, value in values.items()))
    return str(path)


def test_values_of_a_file_are_written_and_the_unfilled_named(
    aws: SecretsManager, outputs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = written(tmp_path, pagerduty_key=KEY + "\n", slack_critical_webhook=WEBHOOK)

    assert cli.main(["secrets", "fill", "--outputs", outputs, "--from-file", values]) == 0

    assert aws.values == {IDS["pagerduty_key"]: KEY, IDS["slack_critical_webhook"]: WEBHOOK, IDS["smtp_password"]: None}
    said = capsys.readouterr()
    assert "smtp_password: ananta/smtp-password is not filled" in said.err
    assert KEY not in said.err + said.out and WEBHOOK not in said.err + said.out


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("pagerduty_key", "short-secret", "is no PagerDuty integration key: 32 letters and digits are expected"),
        ("pagerduty_key", KEY[:-1] + "-", "is no PagerDuty integration key"),
        ("slack_critical_webhook", "http://hooks.slack.com/services/T/B/x", "begins with https://"),
        ("slack_critical_webhook", "https://hooks.slack.com", "begins with https://"),
        ("smtp_password", "\n", "is empty"),
        ("smtp_password", " padded-secret", "has line breaks, or spaces around it"),
    ],
)
def test_a_wrong_shape_is_told_without_the_value_and_nothing_is_written(
    aws: SecretsManager,
    outputs: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    values = written(tmp_path, **{"pagerduty_key": KEY, "slack_critical_webhook": WEBHOOK, name: value})

    assert cli.main(["secrets", "fill", "--outputs", outputs, "--from-file", values]) == 1

    shown = capsys.readouterr().err
    assert "nothing was written" in shown and f"{name} " in shown and said in shown
    assert "secret" not in shown and "hooks" not in shown
    assert set(aws.values.values()) == {None}


def test_only_the_named_secret_is_filled(aws: SecretsManager, outputs: str, tmp_path: Path) -> None:
    values = written(tmp_path, **{IDS["pagerduty_key"]: KEY, "smtp_password": "p"})

    assert cli.main(["secrets", "fill", "--outputs", outputs, "--from-file", values, "--only", "smtp_password"]) == 0
    assert aws.values == {IDS["pagerduty_key"]: None, IDS["slack_critical_webhook"]: None, IDS["smtp_password"]: "p"}


def test_one_value_from_standard_input(aws: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("pass: word\n"))

    assert cli.main(["secrets", "fill", "--prefix", "ananta", "--only", "smtp_password", "--value-stdin"]) == 0
    assert aws.values[IDS["smtp_password"]] == "pass: word"


def test_a_person_is_asked_again_and_may_skip(
    aws: SecretsManager, outputs: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["wrong", KEY, "", "word"])
    asked: list[str] = []

    def ask(question: str, **options: Any) -> str:
        assert options["password"]
        asked.append(question)
        return next(typed)

    monkeypatch.setattr(cli, "_has_terminal", lambda: True)
    monkeypatch.setattr(Prompt, "ask", ask)

    assert cli.main(["secrets", "fill", "--outputs", outputs]) == 0
    assert list(aws.values.values()) == [KEY, None, "word"]
    assert [question.split()[0] for question in asked] == ["pagerduty_key"] * 2 + [
        "slack_critical_webhook",
        "smtp_password",
    ]
    assert "what pagerduty_key is" in asked[0]
    assert "wrong" not in capsys.readouterr().err


def test_check_names_each_secret_that_is_not_there_not_filled_or_going(
    aws: SecretsManager, outputs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.values[IDS["pagerduty_key"]] = KEY
    aws.deleted.add(IDS["pagerduty_key"])
    del aws.values[IDS["smtp_password"]]

    assert cli.main(["secrets", "check", "--outputs", outputs]) == 1

    said = capsys.readouterr().err
    assert "pagerduty_key: ananta/pagerduty-key is scheduled for deletion" in said
    assert "slack_critical_webhook: ananta/slack-critical-webhook is not filled" in said
    assert "smtp_password: there is no secret ananta/smtp-password: apply the module first" in said


def test_check_is_content_when_all_are_filled(aws: SecretsManager, capsys: pytest.CaptureFixture[str]) -> None:
    aws.values = dict.fromkeys(aws.values, "x")

    assert cli.main(["secrets", "check", "--prefix", "ananta"]) == 0
    assert "all 3 secrets are filled" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ['{"pagerduty_key": "ananta/pagerduty-key"}', '{"pagerduty_key": {"id": "ananta/pagerduty-key"}}']
)
def test_the_one_output_alone_is_understood_from_standard_input(
    aws: SecretsManager, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    assert cli.main(["secrets", "check", "--outputs", "-"]) == 1
    assert capsys.readouterr().err.count("is not filled") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fill", "--prefix", "ananta"], "there is no terminal to ask on"),
        (["fill", "--prefix", "ananta", "--value-stdin"], "name its secret with --only NAME"),
        (["fill", "--outputs", "-", "--from-file", "-"], "not both"),
        (["fill", "--prefix", "ananta", "--only", "slack"], "slack: no such secret, use one of pagerduty_key"),
        (["check", "--prefix", "nobody"], "there is no secret named nobody/"),
        (["check", "--outputs", "/no/such/file"], "the outputs cannot be read"),
    ],
)
def test_a_mistake_is_one_line(
    aws: SecretsManager,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{}"))

    assert cli.main(["secrets", *arguments]) == 1

    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1


def test_an_outputs_file_without_the_output_is_told(
    aws: SecretsManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "o.json").write_text('{"other": {"sensitive": false, "type": "string", "value": "x"}}')

    assert cli.main(["secrets", "check", "--outputs", str(tmp_path / "o.json")]) == 1
    assert "the outputs have no secrets_to_fill" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [broken-secret", "is no YAML"),
        ("smtp_password: 12345", "is no text: put it in quotes"),
        ("", "holds no `name: value`"),
    ],
)
def test_a_file_of_values_that_cannot_be_read_is_told_without_its_content(
    aws: SecretsManager, outputs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "values.yaml").write_text(text)

    assert cli.main(["secrets", "fill", "--outputs", outputs, "--from-file", str(tmp_path / "values.yaml")]) == 1

    shown = capsys.readouterr().err
    assert said in shown
    assert "broken-secret" not in shown and "12345" not in shown
