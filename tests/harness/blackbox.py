"""A small client of a running blackbox exporter."""

import urllib.parse

from tests.harness import process
from tests.harness.errors import HarnessError
from tests.harness.prometheus import HttpApi


class Blackbox(HttpApi):
    """`url` is its address without a path."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "the blackbox exporter")

    def is_ready(self) -> bool:
        """Whether it says so itself."""
        return process.answers(f"{self.url}/-/healthy")

    def probe(self, module: str, target: str, timeout_s: float = 15.0) -> dict[str, float]:
        """The metrics of one probe by name (labels left in the name); `probe_success` is 1 or 0."""
        query = urllib.parse.urlencode({"module": module, "target": target})
        text = self.request("GET", f"/probe?{query}", timeout_s=timeout_s)
        if not isinstance(text, str):
            raise HarnessError(f"the blackbox exporter has no metrics for module {module} and target {target}")
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def is_up(self, module: str, target: str) -> bool:
        """Whether a probe of `target` succeeds now."""
        return self.probe(module, target).get("probe_success") == 1
