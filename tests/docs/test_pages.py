"""Links lead somewhere, commands and queries are ones that their programs know."""

import json
import re
import shlex
import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import botocore.session
import jsonschema
import promql_parser
import pytest
import yaml
from alertctl import cli
from botocore import xform_name
from botocore.model import ServiceModel

from tests.docs.conftest import Block, blocks, commands, pages
from tests.harness import paths, terraform
from tests.harness.reference import SCHEMA
from tests.plan.conftest import Plan
from tests.rendered.test_hygiene import EXPORTED, selectors

LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)\s]+)\)")
BESIDES = ("config_release_info", "probe_http_duration_seconds")  # exported too, and in no rule
# Options that every command has.
GENERAL = {"--query", "--output", "--region", "--cli-binary-format", "--max-items"}


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(paths.ROOT)))
def test_every_link_leads_to_something(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_alertctl_command_is_one() -> None:
    shown = [line for line in commands() if line.startswith("alertctl ")]
    assert len(shown) >= 3
    for line in shown:
        cli._parser().parse_args(shlex.split(line)[1:])


@cache
def service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def kebab(name: str) -> str:
    """DBInstanceIdentifier => db-instance-identifier, as the command line calls it."""
    return xform_name(name).replace("_", "-")


def aws_commands() -> list[list[str]]:
    """The words after `aws` of every call, those inside of $( ) too."""
    found = []
    for line in commands():
        inner = re.findall(r"\$\((aws [^()]*)\)", line)
        outer = [re.sub(r"\"\$\([^()]*\)\"", "VALUE", line)] if line.startswith("aws ") else []
        found += [shlex.split(call.split(" > ")[0])[1:] for call in (*outer, *inner)]
    return found


def test_every_aws_command_is_one_with_its_options() -> None:
    assert len(aws_commands()) > 20
    for name, operation, *rest in aws_commands():
        model = service(name)
        known = {kebab(one): one for one in model.operation_names}
        assert operation in known, f"aws {name} {operation}"
        shape = model.operation_model(known[operation]).input_shape
        members = {f"--{kebab(one)}" for one in (shape.members if shape else ())}
        options = {word.replace("--no-", "--") for word in rest if word.startswith("--")}
        assert options <= members | GENERAL, f"aws {name} {operation} has no {options - members - GENERAL}"
        required = {f"--{kebab(one)}" for one in (shape.required_members if shape else ())}
        assert required <= options, f"aws {name} {operation} needs {required - options}"


def test_every_query_is_promql() -> None:
    shown = blocks("promql")
    assert len(shown) > 40
    for block in shown:
        promql_parser.parse(block.text.strip())


def test_every_query_asks_for_series_that_somebody_writes(rule_files: dict[str, str]) -> None:
    recorded = {
        rule["record"]
        for text in rule_files.values()
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    for block in blocks("promql"):
        for selector in selectors(block.text.strip()):
            patterns = [one.value for one in selector.matchers.matchers if one.name == "__name__"]
            if selector.name:
                known = selector.name in recorded or any(fnmatch(selector.name, one) for one in (*EXPORTED, *BESIDES))
                assert known, f"{block.page.name} asks for {selector.name}"
            for pattern in patterns:
                assert any(re.fullmatch(pattern, name) for name in recorded), f"{block.page.name} asks for {pattern}"


@pytest.mark.parametrize("block", blocks("hcl"), ids=lambda block: block.page.name)
def test_every_hcl_block_is_formatted(block: Block) -> None:
    done = subprocess.run(
        [*terraform.terraform_program(), "fmt", "-check", "-diff", "-"],
        input=block.text, capture_output=True, text=True, timeout=60, check=False,
        env=terraform.terraform_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_address_to_import_a_secret_to_is_the_plans(readme_plan: Plan) -> None:
    (block,) = [block.text for block in blocks("hcl") if block.text.startswith("import ")]
    (address,) = re.findall(r"to += module\.alerting\.(\S+)\[each\.key\]", block)
    for key in re.findall(r'(\w+) += "arn:', block):
        assert f'{address}["{key}"]' in readme_plan.resources


def test_outputs_that_are_named_exist() -> None:
    told = (paths.ROOT / "outputs.tf").read_text()
    for page in pages():
        for name in re.findall(r"[Oo]utputs? `([a-z_]+)`", page.read_text()):
            assert f'output "{name}"' in told, f"{page.name} names the output {name}"


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: f"{block.page.name}: {block.text.splitlines()[0]}")
def test_a_part_of_a_catalogue_that_is_shown_is_one(block: Block) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(yaml.safe_load(block.text), {**schema, "required": []})
