"""The reference of the catalogue, from its schema: `python -m tests.harness.reference` writes docs/catalogue.md."""

import json
from collections.abc import Iterator
from typing import Any

from tests.harness import paths

SCHEMA = paths.ROOT / "modules/platform/platform.schema.json"
PAGE = paths.ROOT / "docs/catalogue.md"
HEAD = """# The catalogue

Every key that `platform.yaml` (or the module's variable `platform`) may hold. Generated from
`modules/platform/platform.schema.json` by `python -m tests.harness.reference`; an editor that knows JSON Schema
completes and checks the file as you type. A key that is not listed here is an error at plan time. `<name>` is a name of
your choice.

| key | type | default | what it is |
|---|---|---|---|
"""


def page() -> str:
    """The whole page as Markdown."""
    schema = json.loads(SCHEMA.read_text())
    return HEAD + "".join(_row(*entry) for entry in _entries("", schema, False))


def _entries(path: str, schema: dict[str, Any], required: bool) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every key below `schema` in the schema's own order, parents first."""
    if path:
        yield path, schema, required
    needed = schema.get("required", [])
    for key, value in schema.get("properties", {}).items():
        yield from _entries(f"{path}.{key}".lstrip("."), value, key in needed)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _entries(f"{path}.<name>", schema["additionalProperties"], False)
    if isinstance(schema.get("items"), dict) and "properties" in schema["items"]:
        yield from _entries(f"{path}[]", schema["items"], False)


def _row(path: str, schema: dict[str, Any], required: bool) -> str:
    default = "**required**" if required else f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
    kind = schema["type"]
    if "enum" in schema:
        kind = ", ".join(f"`{value}`" for value in schema["enum"])
    elif kind == "array" and "properties" not in schema["items"]:
        kind = f"list of {schema['items']['type']}s"
    about = schema["description"]
    if "x-means" in schema:
        about = f"{about} ({schema['x-means']})"
    return f"| `{path}` | {kind} | {default} | {about} |\n".replace("|| ", "| ")


if __name__ == "__main__":
    PAGE.write_text(page())
