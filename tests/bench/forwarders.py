"""What an alert costs the forwarders."""

from collections.abc import Iterator, Mapping

from tests.bench.part import Part, Row
from tests.harness import paths

NAMES = ("pagerduty", "slack")
PACKAGE_LIMIT_KB = 60


def run() -> Iterator[Row]:
    """Every figure of the forwarders."""
    for name in NAMES:
        package = paths.ROOT / f"lambda_src/dist/{name}-forwarder.zip"
        yield Row(f"{name}: package, stored", package.stat().st_size / 1000, "KB", PACKAGE_LIMIT_KB)


def versions() -> Mapping[str, str]:
    """Python's own is the frame's to tell."""
    return {}


PART = Part("forwarders", run, versions)
