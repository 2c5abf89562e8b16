"""Every example, rendered, and the reference platform with other settings."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.harness import paths
from tests.harness.render import Rendered, render

ANANTA = paths.ROOT / "examples/ananta"
FAST = {
    "timings": {
        "scrape_interval": "1s",
        "evaluation_interval": "1s",
        "group_wait": "1s",
        "group_interval": "5s",
        "hold_factor": 0.05,
    }
}


class Release(NamedTuple):
    """A rendered release, in memory and as files."""

    rendered: Rendered
    folder: Path


VARIANTS: dict[str, tuple[Path, dict[str, Any]]] = {
    **{p.parent.name: (p.parent, {}) for p in sorted((paths.ROOT / "examples").glob("*/platform.yaml"))},
    "ananta-fast": (ANANTA, {"monitoring": FAST}),
    "ananta-bare": (ANANTA, {"external_urls": {}, "smtp": None}),
}


@pytest.fixture(scope="session", params=VARIANTS)
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Each variant in turn."""
    example, settings = VARIANTS[request.param]
    return on_disk(render(example, settings), tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def ananta(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return on_disk(render(ANANTA), tmp_path_factory.mktemp("ananta"))


def on_disk(rendered: Rendered, folder: Path) -> Release:
    """Write the files; Alertmanager's templates, named by their path in the container, are named by that on disk."""
    for name, content in rendered.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("/etc/alertmanager/templates", f"{folder}/alertmanager/templates"))
    return Release(rendered, folder)
