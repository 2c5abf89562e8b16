"""The recorded past that rules need: which series, and in which order they can be made of raw counters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Group = Mapping[str, Any]


def levels(groups: Sequence[Group]) -> list[list[dict[str, Any]]]:
    """Recording rules whose past some rule looks back at, with what these are made of; each level reads those before.

    A level is groups again, reduced to their rules of that level.
    """
    records = {rule["record"]: rule["expr"] for group in groups for rule in group["rules"] if "record" in rule}
    expressions = [rule["expr"] for group in groups for rule in group["rules"]]
    needed: set[str] = set()
    wanted = [name for name in records if any(_looks_back_at(name, expr) for expr in expressions)]
    while wanted:
        name = wanted.pop()
        needed.add(name)
        wanted += [used for used in _used(records[name], records) if used not in needed]
    depth = {name: _depth(name, records, ()) for name in needed}
    return [
        [_of_level(group, {n for n in needed if depth[n] == level}) for group in groups]
        for level in range(max(depth.values(), default=-1) + 1)
    ]


def _of_level(group: Group, names: set[str]) -> dict[str, Any]:
    return {**group, "rules": [rule for rule in group["rules"] if rule.get("record") in names]}


def _depth(name: str, records: Mapping[str, str], above: tuple[str, ...]) -> int:
    used = [other for other in _used(records[name], records) if other not in (*above, name)]
    return 1 + max((_depth(other, records, (*above, name)) for other in used), default=-1)


def _used(expression: str, records: Mapping[str, str]) -> Iterator[str]:
    return (name for name in dict.fromkeys(re.findall(r"[a-zA-Z_:][\w:]*", expression)) if name in records)


def _looks_back_at(name: str, expression: str) -> bool:
    return re.search(rf"(?<![\w:]){re.escape(name)}(?![\w:])(\{{[^}}]*\}})?\s*(\[|offset)", expression) is not None
