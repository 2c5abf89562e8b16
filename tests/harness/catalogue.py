"""Reads a catalogue as strictly as people think YAML is: a key that stands twice in one place is an error."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from tests.harness.errors import HarnessError


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses duplicate keys."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    lines: dict[Hashable, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if key in lines:
            raise HarnessError(
                f"{loader.name}: the key {key} stands in line {lines[key]} and again in line {line}: "
                "the first would be dropped without a word, rename one of them"
            )
        lines[key] = line
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_catalogue(path: Path) -> dict[str, Any]:
    """The catalogue as it stands. Raises HarnessError with path and line for what is no YAML or stands twice."""
    try:
        with path.open() as stream:
            value = yaml.load(stream, Loader=_StrictLoader)  # noqa: S506 - it is a SafeLoader
    except OSError as error:
        raise HarnessError(f"the catalogue {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise HarnessError(f"the catalogue {path} is no YAML: {error}") from error
    if not isinstance(value, dict):
        raise HarnessError(f"the catalogue {path} is no mapping: begin with name: <platform>")
    return value
