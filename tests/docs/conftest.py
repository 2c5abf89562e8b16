"""What the documentation says, and what it says it of. The one plan that is made is the README's own block."""

import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs import alerts
from tests.harness import paths, terraform
from tests.harness.render import render
from tests.plan.answers import answering
from tests.plan.conftest import Plan, Root

sys.path.insert(0, str(paths.ROOT / "tools"))

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
SOURCE = re.compile(r'source\s*= "git::https://[^"]+"')


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    language: str
    text: str


def pages() -> list[Path]:
    """README and docs, without what is generated from the schema."""
    return [paths.ROOT / "README.md", *sorted((paths.ROOT / "docs").rglob("*.md"))]


def blocks(language: str) -> list[Block]:
    """All blocks of a language, without the indentation of a list."""
    return [
        Block(page, language, re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE))
        for page in pages()
        for found in FENCE.finditer(page.read_text())
        if found["language"] == language
    ]


def commands() -> list[str]:
    """Every line of every shell block."""
    return [line for block in blocks("sh") for line in block.text.splitlines() if line.strip()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of the plan waits for it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def readme_plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The README's module call as it stands, its source turned to this repository."""
    block = next(block for block in blocks("hcl") if block.page.name == "README.md")
    repository = terraform.copy_repository(tmp_path_factory.mktemp("repository"))
    root = repository / "consumer"
    root.mkdir()
    (root / "main.tf").write_text(SOURCE.sub('source = "../"', block.text))
    with answering() as url:
        return Root(root, url).plan()


@pytest.fixture(scope="session")
def rule_files() -> dict[str, str]:
    """The rule files of every example, by example and path."""
    urls = {"external_urls": {"runbooks": alerts.RUNBOOKS}}
    found = {}
    for platform in sorted((paths.ROOT / "examples").glob("*/platform.yaml")):
        rendered = render(platform.parent, urls)
        found.update(
            {f"{platform.parent.name}/{path}": text for path, text in rendered.files.items() if "/rules/" in path}
        )
    return found


@pytest.fixture(scope="session")
def expected(rule_files: dict[str, str], readme_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each runbook page that must be there => its second line."""
    descriptions = [
        alarm["alarm_description"] for alarm in readme_plan.of_type("aws_cloudwatch_metric_alarm").values()
    ]
    return {
        **alerts.of_rules(rule_files),
        **alerts.of_alarms(tmp_path_factory.mktemp("alarms")),
        **alerts.of_watchers(descriptions, "https://docs.example.org/runbooks"),
    }
