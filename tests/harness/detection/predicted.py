"""What promtool says of a case: the minute in which an alert first fires, and the one in which it has ended."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.harness import promtool
from tests.harness.detection import literal
from tests.harness.detection.cases import SLO, STEP_S, TICKET, Case
from tests.harness.traffic import Phase, counters

SUITE = "bookworm"
LITERAL_TICKET = Phase(8 * 60.0)  # none of its windows looks back further: what it has not said by then it never says

PAGING = (f"slo-{SLO}",)
EVERYTHING = (f"slo-{SLO}", f"slo-{SLO}-*")


class Fired(NamedTuple):
    """Minutes from the case's minute 0; None: it has not fired. `until` is the last evaluation at which it fired."""

    first: float | None
    until: float | None

    def answer(self, case: Case, step_s: float) -> float | None:
        """Minutes to the firing, or to the first evaluation at which it does not fire any more."""
        if case.kind == "ends":
            return None if self.until is None else self.until + step_s / 60 - case.measured_from
        return None if self.first is None else self.first - case.measured_from


def ours(case: Case, rules: Mapping[str, promtool.Rules]) -> float | None:
    """The answer of the rendered rules."""
    groups = EVERYTHING if case.alert == TICKET else PAGING
    selected = promtool.select(rules, {"slos.yml": groups})
    return _fired(case, case.phases, selected, case.alert, case.step_s).answer(case, case.step_s)


def literally(case: Case) -> float | None:
    """The answer of the document's own rule."""
    phases = [case.phases[0]._replace(minutes=LITERAL_TICKET.minutes)] if case.alert == TICKET else case.phases
    if case.kind == "fires" and case.alert != TICKET:
        phases = [case.phases[0]._replace(minutes=max(case.minutes, LITERAL_TICKET.minutes))]
    shorter = case._replace(well=case.well._replace(minutes=6 * 60.0))
    return _fired(shorter, phases, {literal.FILE: literal.rules()}, literal.ALERT, STEP_S).answer(case, STEP_S)


def _fired(case: Case, phases: Sequence[Phase], rules: Mapping[str, promtool.Rules], alert: str, step_s: int) -> Fired:
    end = case.well.minutes + sum(phase.minutes for phase in phases)
    fires = f'timestamp(ALERTS{{alertname="{alert}",alertstate="firing"}})[{round(end * 60)}s:{step_s}s]'
    test = {"input_series": _series(case, phases, step_s)}
    first, last = promtool.values(
        SUITE, rules, test, [f"min_over_time({fires})", f"max_over_time({fires})"], f"{round(end * 60)}s", f"{step_s}s"
    )
    return Fired(*(None if moment is None else moment / 60 - case.well.minutes for moment in (first, last)))


def _series(case: Case, phases: Sequence[Phase], step_s: int) -> list[dict[str, Any]]:
    if not case.restarts:
        return counters(case.well, *phases, step_s=step_s)
    good, bad = counters(case.well, step_s=step_s)
    steps = round(case.well.minutes * 60 / step_s)
    requests, scrapes = phases[0].requests, round(phases[0].minutes * 60 / step_s)
    return [
        {**good, "values": f"{good['values']} stale"},
        {**bad, "values": f"_x{steps + 1} {requests:g}+{requests:g}x{scrapes}"},
    ]
