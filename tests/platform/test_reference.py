"""The reference page says what the schema says."""

import json
import re
from pathlib import Path
from typing import Any

from tests.docs.alerts import OF_SYMPTOMS, of_alarms
from tests.harness.reference import PAGE, SCHEMA, page


def test_the_reference_page_is_what_the_schema_generates() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.harness.reference"


def test_every_key_says_what_it_is() -> None:
    rows = [row for row in page().splitlines() if row.startswith("| `")]

    assert len(rows) > 80
    assert [row for row in rows if row.rstrip(" |").endswith("|")] == []


def test_every_alarm_can_be_named_in_the_catalogue_and_no_other(tmp_path: Path) -> None:
    known = of_alarms(tmp_path).keys() - OF_SYMPTOMS.keys()
    schema = json.loads(SCHEMA.read_text())["properties"]
    for section, kind in (("databases", "database"), ("caches", "cache"), ("ecs_services", "ecs-service")):
        rule = schema[section]["additionalProperties"]["properties"]["alarms"]["propertyNames"]
        names = set(rule["pattern"].removeprefix("^(").removesuffix(")$").split("|"))
        assert names == {name.removeprefix(f"{kind}-") for name in known if name.startswith(f"{kind}-")}
        assert all(name in rule["x-means"] for name in names)


def test_the_schema_is_no_deeper_than_terraform_reads_it() -> None:
    text = (SCHEMA.parent / "places.tf").read_text()

    levels = [int(number) for number in re.findall(r"^ +level_(\d+) = ", text, re.MULTILINE)]

    assert deepest(json.loads(SCHEMA.read_text())) <= max(levels)
    assert all(f"local.level_{number}," in text or f"local.level_{number})" in text for number in levels)


def deepest(place: dict[str, Any]) -> int:
    """How many steps lead from a place of the schema to the furthest one below it."""
    more = place.get("additionalProperties")
    below = [*place.get("properties", {}).values(), *([more] if isinstance(more, dict) else []), place.get("items")]
    return max((1 + deepest(one) for one in below if one), default=0)
