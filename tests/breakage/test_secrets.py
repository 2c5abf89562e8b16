"""A secret that is filled with a wrong value: the comparison that ends every flow says who was not told, and why."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.harness import paths
from tests.harness.flows import compare, expectation
from tests.harness.host import Host, lay_out
from tests.harness.render import Rendered, render
from tests.harness.stack import ANANTA, alert_names, settings
from tests.harness.standins.recorder import Difference, Told, told
from tests.harness.world import World, random_key

Tell = Callable[..., tuple[Difference, list[str]]]

LABELS = {"alertname": "ServiceDown", "severity": "critical", "category": "availability", "plane": "app"}


@pytest.fixture(scope="module")
def world(ananta: Rendered) -> Iterator[World]:
    """The destinations. No service runs: the alert is posted to Alertmanager."""
    world = World(ananta.catalogue, alert_names(ananta.files), paths.new_run("breakage"))
    yield world
    world.__exit__(None, None, None)


@pytest.fixture(scope="module")
def files(world: World) -> dict[str, str]:
    return render(ANANTA, settings(world, "fast")).files


@pytest.fixture
def tell(world: World, files: dict[str, str]) -> Iterator[Tell]:
    """Tell of a dead service with some of the secrets replaced; what the flow's comparison says of the messages.

    Each time it is another service of the plane, with an incident of its own.
    """
    hosts: list[Host] = []

    def tell(service: str, **secrets: str) -> tuple[Difference, list[str]]:
        run_dir = paths.new_run("breakage")
        release = lay_out(files, {**world.secret_values, **secrets}, run_dir / "release")
        hosts.append(Host(release, run_dir, world.hosts_file, world.authority.ca_file))
        hosts[-1].start_program("alertmanager")
        expected, incidents, began = expectation("service-down"), len(world.pagerduty.incidents()), time.time()
        hosts[-1].alertmanager.post({**LABELS, "service": service}, {"summary": f"{service} is down"})
        # All but one destination have been told; the broken one has had its chance by then and has another one here.
        world.recorder.wait_until(lambda seen: len(set(told(seen))) >= len(expected.facts("firing")) - 1, 30, began)
        world.recorder.wait_quiet(2, timeout=6)
        opened = len(world.pagerduty.incidents()) - incidents
        return compare(expected, world.recorder.since(began), ("firing",), opened)

    yield tell
    for host in hosts:
        host.stop()


def test_right_secrets_leave_nothing_to_complain_of(tell: Tell) -> None:
    assert tell("cns-service")[1] == []


def test_the_webhook_of_another_channel(tell: Tell, world: World) -> None:
    difference, problems = tell("customer-portal", slack_critical_webhook=world.secret_values["slack_slo_webhook"])

    assert difference.missing == {Told("#critical-alerts", "ServiceDown")}
    assert difference.unexpected == {Told("#slo-alerts", "ServiceDown")}
    assert problems == [str(difference)]


def test_a_webhook_that_was_revoked(tell: Tell, world: World) -> None:
    difference, problems = tell("django-backend", slack_app_plane_webhook=f"{world.slack.url}/services/T0/B0/revoked")

    assert difference.missing == {Told("#app-plane-alerts", "ServiceDown")}
    assert not difference.unexpected
    assert set(problems[1:]) == {"slack:unknown refused a message: no_service"}


def test_a_routing_key_of_somebody_else(tell: Tell) -> None:
    difference, problems = tell("redis", pagerduty_key=random_key())

    assert difference.missing == {Told("pagerduty", "ServiceDown")}
    assert "PagerDuty has 0 incidents of this flow, expected 1" in problems
    assert any(problem.startswith("pagerduty refused a message") for problem in problems)
