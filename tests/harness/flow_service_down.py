"""Flow 1: a service dies, everybody who should know is told, it comes back, and they are told that too."""

import time

from tests.harness.flows import Outcome, compare, expectation, wait_for
from tests.harness.stack import Stack
from tests.harness.standins.recorder import Delivery, Told, told
from tests.harness.timeline import Timeline, first_told

SERVICE = "cns-service"


def service_down(stack: Stack, timeline: Timeline, quiet_s: float = 8.0, timeout_s: float = 700.0) -> Outcome:
    """Kill the service, wait until the alert is told and the others are quieted, bring it back, wait for the end.

    `quiet_s` is how long nothing more must come: longer than a group_interval, in which a leak would show.
    """
    expected = expectation("service-down")
    recorder, host = stack.world.recorder, stack.host
    before = len(stack.world.pagerduty.incidents())

    began = time.time()
    stack.world.services.kill(SERVICE)
    timeline.note(f"{SERVICE} is killed: connections are refused")
    problems = []
    recorder.wait_until(lambda seen: expected.facts("firing") <= set(told(seen)), timeout_s, since=began)

    fires = wait_for(lambda: set(expected.quieted) <= set(host.prometheus.firing()), timeout_s)
    timeline.note(f"quieted: {', '.join(host.alertmanager.inhibited())}")
    if not fires or not set(expected.quieted) <= set(host.alertmanager.inhibited()):
        problems.append(f"not all of {', '.join(expected.quieted)} fire and are inhibited")
    recorder.wait_quiet(quiet_s, timeout=quiet_s * 5)

    back = time.time()
    stack.world.services.recover(SERVICE)
    timeline.note(f"{SERVICE} is back")
    recorder.wait_until(lambda seen: expected.facts("resolved") <= set(told(seen)), timeout_s, since=began)
    recorder.wait_quiet(quiet_s, timeout=quiet_s * 5)

    incidents = len(stack.world.pagerduty.incidents()) - before
    difference, more = compare(expected, recorder.since(began), ("firing", "resolved"), incidents)
    return Outcome(expected, difference, problems + more, _facts(recorder.since(began), began, back))


def _facts(deliveries: list[Delivery], began: float, back: float) -> dict[str, str]:
    paged = first_told(deliveries, Told("pagerduty", "ServiceDown"))
    ended = first_told(deliveries, Told("pagerduty", "ServiceDown", "resolved"))
    facts = {
        "from the kill to the page": paged and paged - began,
        "from its return to the resolve": ended and ended - back,
    }
    return {fact: f"{seconds:.1f} s" for fact, seconds in facts.items() if seconds}
