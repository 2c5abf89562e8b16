"""Scenarios on the real Alertmanager: alerts and faults in, exact deliveries out, with production's times made shorter.

A scenario is a file of tests/routing/scenarios that an on-call engineer can read; that folder's README explains its
words. The rendered configuration runs unchanged but for the stand-ins' addresses and its durations, which are divided
by the scenario's speed, as are all times of the file. Alerts are posted as Prometheus does it: again every minute while
they fire, and for a quarter of an hour after their end.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.harness.catalogue import read_catalogue
from tests.harness.render import Rendered, render
from tests.harness.scenario.file import FOLDER, Scenario, read, scenarios
from tests.harness.scenario.player import Player
from tests.harness.scenario.verdict import Run, judge
from tests.harness.stack import ANANTA

__all__ = ["FOLDER", "Run", "Scenario", "play", "read", "rendered_once", "scenarios"]

SMTP = {"host": "127.0.0.1", "port": 1025, "from": "alerts@example.org", "username": "alertmanager"}
CLOCK_S = 0.3  # how late, in real seconds, the scenario's own clock may be before a failure does not count


def play(scenario: Scenario, rendered: Rendered, run_dir: Path, suite: str = "bookworm") -> Run:
    """Play a scenario; once more at half the speed if it may have failed because the machine could not keep up.

    A delay of the machine's is then half as long in production's time, one of the configuration's stays.
    """
    run = _once(scenario, rendered, run_dir / "first", suite, scenario.speed)
    if run.problems and (run.clock.late > CLOCK_S or run.only_untimely):
        return _once(scenario, rendered, run_dir / "slower", suite, scenario.speed / 2)
    return run


def _once(scenario: Scenario, rendered: Rendered, run_dir: Path, suite: str, speed: float) -> Run:
    run_dir.mkdir(parents=True)
    if scenario.platform:
        rendered = _rendered_over(scenario.platform, run_dir)
    player = Player(scenario, rendered, run_dir, suite, speed)
    return judge(scenario, player.world, player.play(), suite)


def rendered_once() -> Rendered:
    """The reference deployment with production's timings, and a mail server that wants a password."""
    return render(ANANTA, {"smtp": SMTP})


def _rendered_over(changes: Mapping[str, Any], folder: Path) -> Rendered:
    """The same with changes of its catalogue."""
    catalogue = folder / "platform.yaml"
    catalogue.write_text(yaml.safe_dump(_merged(read_catalogue(ANANTA / "platform.yaml"), changes)))
    return render(ANANTA, {"smtp": SMTP}, catalogue)


def _merged(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
