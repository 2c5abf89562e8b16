"""What happens to the requests of a 99.9 % SLO, and by when its page (or ticket) must come, end, or not come at all.

Requests are scraped every 15 seconds, 1,000 a scrape; what happens begins right after a scrape, at minute 0, when all
has been well for the longest window of the rules that are meant.
"""

from typing import Literal, NamedTuple

from tests.harness.traffic import Phase

PAGE, TICKET = "ErrorBudgetBurningFast", "ErrorBudgetBurningSlow"
SLO = "control_plane"
STEP_S = 15
TICKET_STEP_S = 240  # the roll-ups' own pace; at 15 s promtool would take minutes for the days
HOUR, DAY = 60.0, 1440.0

Kind = Literal["fires", "ends", "quiet"]


class Case(NamedTuple):
    """`phases` begin after `well` minutes without errors. `bound` is in minutes, None where nothing is promised.

    `measured_from`: the minute from which the time to firing or to the end is counted.
    """

    name: str
    kind: Kind
    phases: tuple[Phase, ...]
    bound: float | None = None
    alert: str = PAGE
    measured_from: float = 0
    restarts: bool = False  # the target starts anew at minute 0 and exports nothing but its errors
    well: Phase = Phase(6 * HOUR)

    @property
    def step_s(self) -> int:
        return TICKET_STEP_S if self.alert == TICKET else STEP_S

    @property
    def minutes(self) -> float:
        """How long its phases last."""
        return sum(phase.minutes for phase in self.phases)


def errors(share: float, bound: float, *, ticket: bool = False) -> Case:
    """A steady share of errors that must page, or open a ticket, within `bound` minutes."""
    name = f"{share * 100:g} % errors"
    if not ticket:
        return Case(name, "fires", (Phase(bound + 1, share),), bound)
    return Case(f"{name}: ticket", "fires", (Phase(bound + HOUR, share),), bound, TICKET, well=Phase(3 * DAY))


def night(an_hour: int) -> Case:
    """One failed request while so many come in an hour."""
    rate = an_hour / 240
    phases = (Phase(0.25, 1, 1), Phase(HOUR, 0, rate))
    return Case(f"one failed request at {an_hour} an hour", "quiet", phases, well=Phase(6 * HOUR, 0, rate))


OUTAGE = Phase(10, 1)

CASES: tuple[Case, ...] = (
    errors(1, 1.0),
    errors(0.1, 8.75),
    errors(0.02, 44),
    errors(0.01, 216.25),
    errors(0.005, 14.6 * HOUR, ticket=True),
    errors(0.002, 36.5 * HOUR, ticket=True),
    Case("only 5xx exported after a restart", "fires", (Phase(20, 1),), 1.5, restarts=True),
    Case("end of 10 min of 100 %, traffic goes on", "ends", (OUTAGE, Phase(90)), 5, measured_from=10),
    Case("end of 10 min of 100 %, traffic stops", "ends", (OUTAGE, Phase(90, 0, 0)), 5, measured_from=10),
    Case("100 % for 30 s", "quiet", (Phase(0.5, 1), Phase(20))),
    Case("10 % for 5 min", "quiet", (Phase(5, 0.1), Phase(20))),
    Case("2 % for 30 min", "quiet", (Phase(30, 0.02), Phase(20))),
    Case("0.5 % for 1 h", "quiet", (Phase(60, 0.005), Phase(20))),
    night(12),
    night(60),
    night(240),
    Case("an idle night", "quiet", (Phase(8 * HOUR, 0, 0), Phase(20))),
)
