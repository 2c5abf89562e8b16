"""Metrics that a test makes up, served for a Prometheus to scrape."""

from collections.abc import Callable

from tests.harness.standins.https import Answer, HttpStandin, Request

TEXT_FORMAT = {"Content-Type": "text/plain; version=0.0.4"}


class Exporter(HttpStandin):
    """Asks `metrics` for its lines at each scrape, until it is stopped."""

    def __init__(self, metrics: Callable[[], str]) -> None:
        self._metrics = metrics
        super().__init__()

    @property
    def target(self) -> str:
        """Its address as a scrape job names it."""
        return f"127.0.0.1:{self.port}"

    def answer(self, request: Request) -> Answer:
        return Answer(200, self._metrics(), TEXT_FORMAT)
