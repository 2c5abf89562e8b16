"""Flow 2: after days of healthy traffic a service begins to fail, and the burn rate of its plane's SLO pages."""

import re
import time
from collections.abc import Sequence

from tests.harness.errors import HarnessError
from tests.harness.flows import Outcome, compare, expectation
from tests.harness.history import Past, seconds
from tests.harness.stack import Stack
from tests.harness.standins.recorder import Delivery, Told, texts, told
from tests.harness.timeline import Timeline, first_told

SERVICE = "tenant-management"
ALERT = "ErrorBudgetBurningFast"
REMAINING = "slo:control_plane:error_budget:remaining"

# The days before: one request a second, nearly all of them the service's own.
PAST = Past(rates={SERVICE: 0.9, "temporal-workers": 0.05, "orchestrator": 0.05})

# A busy moment in which every fourth request fails: 3 % of the last hour's requests, so a burn rate of about 30, where
# 14.4 pages. That is half of what a day or three days may lose before a ticket is due: only the page is right.
FAILED, SHARE = 120, 0.25
EVALUATIONS = 12  # as long as so many evaluations

SAID = {
    "the burn rate": re.compile(r"Burn rate (\d+\.\d) over 1 h"),
    "the remaining budget": re.compile(r"Remaining budget: (\d+(?:\.\d+)?)%"),
    "the runbook's link": re.compile(r"https?://\S+/error-budget-burning-fast\b"),
}


def error_budget(stack: Stack, timeline: Timeline, quiet_s: float = 8.0, timeout_s: float = 500.0) -> Outcome:
    """Let the service fail for a while, wait until all is told; the flow ends while it burns.

    The stack must have been started with PAST. `quiet_s` is how long nothing more must come.
    """
    expected = expectation("error-budget")
    recorder, prometheus = stack.world.recorder, stack.host.prometheus
    before = prometheus.value(REMAINING)
    if before is None:
        raise HarnessError(f"{REMAINING} is not known: this flow needs a stack with a past")
    incidents = len(stack.world.pagerduty.incidents())
    timeline.note(f"{before:.1%} of the control plane's error budget is left after {PAST.days} days of history")

    began = time.time()
    _fail_for_a_while(stack, timeline)
    recorder.wait_until(lambda seen: expected.facts("firing") <= set(told(seen)), timeout_s, since=began)
    # The slow windows have seen the errors too, and what they would tell has had its time.
    after = prometheus.wait_for(REMAINING, lambda left: left[0].value < before - 0.01, timeout_s)[0].value
    timeline.note(f"{after:.1%} of the error budget is left")
    recorder.wait_quiet(quiet_s, timeout=quiet_s * 5)

    deliveries = recorder.since(began)
    opened = len(stack.world.pagerduty.incidents()) - incidents
    difference, problems = compare(expected, deliveries, ("firing",), opened)
    return Outcome(expected, difference, problems + unsaid(deliveries), _facts(deliveries, began, before, after))


def _fail_for_a_while(stack: Stack, timeline: Timeline) -> None:
    services = stack.world.services
    lasts = EVALUATIONS * seconds(stack.host.setting("prometheus/prometheus.yml", "global", "evaluation_interval"))
    # It has run since yesterday: no deployment is to blame.
    services.started(SERVICE, time.time() - 86400)
    services.rate(SERVICE, FAILED / SHARE / lasts)
    services.error_share(SERVICE, SHARE)
    timeline.note(f"{SERVICE} answers {SHARE:.0%} of {FAILED / SHARE / lasts:.1f} requests a second with an error")
    time.sleep(lasts)
    services.error_share(SERVICE, PAST.error_share)
    services.rate(SERVICE, PAST.rates[SERVICE])
    timeline.note(f"{SERVICE} is well again; its errors stay in the windows")


def unsaid(deliveries: Sequence[Delivery]) -> list[str]:
    """What a message of the page should say and does not."""
    pages = [delivery for delivery in deliveries if ALERT in delivery.names and not delivery.problem]
    return [
        f"{delivery.receiver} is not told {what}"
        for delivery in pages
        for what, pattern in SAID.items()
        if not pattern.search("\n".join(texts(delivery.body)))
    ]


def _facts(deliveries: Sequence[Delivery], began: float, before: float, after: float) -> dict[str, str]:
    paged = first_told(deliveries, Told("pagerduty", ALERT))
    bodies = ("\n".join(texts(delivery.body)) for delivery in deliveries if delivery.receiver == "pagerduty")
    burns = [match.group(1) for body in bodies if (match := SAID["the burn rate"].search(body))]
    return {
        **({"from the first error to the page": f"{paged - began:.1f} s"} if paged else {}),
        **({"burn rate in the page": burns[0]} if burns else {}),
        "error budget left": f"{before:.1%}, then {after:.1%}",
    }
