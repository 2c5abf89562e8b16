"""Terraform's settings, a copy to work on, and its answers. No provider is started."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import paths, process, terraform
from tests.harness.errors import HarnessError
from tests.harness.standins.https import Answer, HttpStandin, Request
from tests.harness.terraform import Terraform

PLATFORM_FOLDER = "registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"

ECHO = """
variable "who" { type = any }
resource "terraform_data" "it" { input = var.who }
output "it" { value = var.who }
"""
STRICT = """
variable "n" {
  default = 1
  validation {
    condition     = var.n > 1
    error_message = "n is 1: write 2."
  }
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the CLI configuration lies; the program itself is the machine's or the cache's."""
    monkeypatch.setattr(terraform, "FOLDER", tmp_path / "terraform")
    return tmp_path / "terraform"


def root(folder: Path, text: str, **options: Any) -> Terraform:
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(text)
    return Terraform(folder, **options)


@pytest.mark.parametrize("place", [".terraform.d/plugins", ".local/share/terraform/plugins"])
def test_a_mirror_in_an_implied_folder_is_found(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TF_PROVIDER_MIRROR", raising=False)
    (tmp_path / place / PLATFORM_FOLDER).mkdir(parents=True)

    assert terraform.provider_mirror() == tmp_path / place


def test_a_named_mirror_goes_before_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "mirror/registry.terraform.io/hashicorp/aws"
    packed.mkdir(parents=True)
    (packed / "terraform-provider-aws_5.100.0_linux_amd64.zip").touch()
    monkeypatch.setenv("TF_PROVIDER_MIRROR", str(tmp_path / "mirror"))

    assert terraform.provider_mirror() == tmp_path / "mirror"


def test_with_a_mirror_the_registry_is_not_asked_for_the_provider(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform, "provider_mirror", lambda: tmp_path)

    text = Path(terraform.terraform_environment()["TF_CLI_CONFIG_FILE"]).read_text()

    assert f'path    = "{tmp_path}"' in text
    assert 'include = ["registry.terraform.io/hashicorp/aws"]' in text
    assert 'exclude = ["registry.terraform.io/hashicorp/aws"]' in text


def test_without_a_mirror_the_registry_is_asked_and_its_answer_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform, "provider_mirror", lambda: None)

    text = Path(terraform.terraform_environment()["TF_CLI_CONFIG_FILE"]).read_text()

    assert "direct {}" in text
    assert f'plugin_cache_dir = "{folder}/plugins"' in text


def test_the_shells_own_terraform_settings_are_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/no/such/file")
    monkeypatch.setenv("TF_VAR_name", "theirs")

    environment = terraform.terraform_environment({"TF_DATA_DIR": "/data"})

    assert environment["TF_CLI_CONFIG_FILE"].startswith(str(folder))
    assert "TF_VAR_name" not in environment
    assert environment["TF_DATA_DIR"] == "/data"


def test_one_file_is_terraform_with_these_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "terraform_program", lambda: ["/bin/sh", "-c", 'echo "$TF_IN_AUTOMATION $0"'])

    done = process.run([terraform.terraform_binary(), "version"], timeout_s=10)

    assert done.stdout == "1 version\n"


def test_a_copy_of_the_repository_holds_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path / "original")
    example = ("main.tf", ".terraform/big", "terraform.tfstate", "harness_override.tf")
    others = ("main.tf", "modules/a/a.tf", "lambda_src/dist/f.zip", "lambda_src/f.py", "docs/page.md")
    for name in (*others, *(f"examples/x/{file}" for file in example)):
        (tmp_path / "original" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "original" / name).touch()

    copy = terraform.copy_repository(tmp_path / "copy")

    files = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}
    assert files == {"main.tf", "modules/a/a.tf", "examples/x/main.tf", "lambda_src/dist/f.zip"}


def test_each_provider_of_a_root_talks_to_the_emulator(tmp_path: Path) -> None:
    terraform.point_at_emulator(tmp_path, "http://127.0.0.1:4566", aliases={"other": "us-east-1"})

    text = (tmp_path / "harness_override.tf").read_text()

    assert text.count('provider "aws" {') == 2
    assert '  alias = "other"\n  region = "us-east-1"\n' in text
    assert text.count('    cloudwatch = "http://127.0.0.1:4566"\n') == 2


def test_apply_plan_output_and_destroy(folder: Path, tmp_path: Path) -> None:
    example = root(tmp_path / "root", ECHO, variables={"who": {"a": ["1"]}})
    example.init()

    assert example.changes() == ["create terraform_data.it", "create output.it"]
    example.apply()
    assert example.output() == {"it": {"a": ["1"]}}
    assert example.resources() == ["terraform_data.it"]
    assert example.changes() == []
    assert '"who"' not in example.state() and '"it"' in example.state()
    example.destroy()
    assert example.resources() == []


def test_a_failure_is_terraforms_own_message_in_one_line(folder: Path, tmp_path: Path) -> None:
    example = root(tmp_path / "root", STRICT)
    example.init()

    with pytest.raises(
        HarnessError, match=r"terraform plan failed in root: Error: Invalid value .* n is 1: write 2\."
    ) as caught:
        example.plan()

    assert caught.value.log_path == tmp_path / "root/terraform.log"


def test_an_apply_that_hangs_is_ended_and_names_resource_and_call(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (
        "echo aws_sns_topic.a: Creating...; echo aws_sns_topic.b: Creating...; echo aws_sns_topic.b: Creation complete"
    )
    monkeypatch.setattr(terraform, "terraform_program", lambda: ["/bin/sh", "-c", f"{words}; sleep 60", "terraform"])
    monkeypatch.setitem(terraform.TIMEOUTS_S, "apply", 1)
    (tmp_path / "root").mkdir()
    with Emulator() as emulator:
        terraform.point_at_emulator(tmp_path / "root", emulator.url)

        with pytest.raises(HarnessError) as caught:
            root(tmp_path / "root", "").apply()

    assert caught.value.message == (
        "terraform apply took longer than 1 s: it waits for aws_sns_topic.a; "
        "the emulator has not answered sns.CreateTopic"
    )
    process.assert_no_processes_left()


class Emulator(HttpStandin):
    """It has left one call unanswered."""

    def answer(self, request: Request) -> Answer:
        return Answer(200 if request.path == "/_harness/unanswered" else 404, '["sns.CreateTopic"]')

    def faulted(self, request: Request, problem: str) -> None:
        """Nothing fails here."""
