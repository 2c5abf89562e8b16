"""Lambda function: one round of the watch. What could not be looked at raises at the end, after all the rest."""

from collections.abc import Callable
from typing import Any

from forwarder.log import log
from forwarder.post import Trouble

from path_watch.findings import Finding, hears, of_secret, of_topic, subscriptions
from path_watch.memory import Memory, memory
from path_watch.reminders import remind
from path_watch.report import DAY, tell
from path_watch.services import query, region_of
from path_watch.settings import Settings, settings

HOUR = 3600.0


class NotWatched(Exception):
    """Raised so that the function's errors alarm rings; its words are what could not be done."""


class Round:
    """What one round has found out so far, and what it could not."""

    def __init__(self, told: Settings) -> None:
        self.settings = told
        self.findings: list[Finding] = []
        self.memory: Memory | None = None
        self.somebody_hears = False  # the fallback topic
        self.problems: list[str] = []

    def attempt(self, what: str, action: Callable[..., None], *given: Any) -> None:
        """One thing that fails must not keep the others from being done."""
        try:
            action(*given)
        except Exception as problem:
            reason = problem.reason if isinstance(problem, Trouble) else f"failed with {type(problem).__name__}"
            log("error", "not watched", what=what, reason=reason)
            self.problems.append(f"{what}: {reason}")

    def ring_the_canary(self) -> None:
        """Lets the alarm ring: CloudWatch itself sends the canary, by its own right to topics and key."""
        name = self.settings.canary.split(":", 6)[6]
        # An alarm that rings already would send nothing.
        for state in ("OK", "ALARM"):
            query(
                "monitoring", "SetAlarmState", region_of(self.settings.canary),
                AlarmName=name, StateValue=state, StateReason="The canary of the alert path: this is no alert.",
            )  # fmt: skip

    def remember(self) -> None:
        self.memory = memory(self.settings.log_group, max(DAY, self.settings.remind_after) + HOUR)

    def look_at_topic(self, key: str) -> None:
        heard = subscriptions(self.settings.topics[key])
        self.findings += of_topic(key, heard, self.settings)
        if key == "fallback":
            self.somebody_hears = any(hears(one) for one in heard)

    def look_at_secret(self, secret: str) -> None:
        self.findings += of_secret(secret)


def lambda_handler(event: Any, context: Any) -> dict[str, int]:
    """The canary goes first: its alarms count on its hour. Raises NotWatched, BadSettings."""
    told = settings(event)
    this = Round(told)
    this.attempt("canary", this.ring_the_canary)
    this.attempt("own log", this.remember)
    for key in told.topics:
        this.attempt(f"topic {key}", this.look_at_topic, key)
    for secret in told.secrets:
        this.attempt(f"secret {secret}", this.look_at_secret, secret)
    for finding in this.findings:
        log("warning", "found", what=finding.what, who=finding.who, where=finding.where)
    # Without its memory it would say the same in every round: it says nothing, and its errors alarm rings.
    if (before := this.memory) is not None:
        if told.remind_after:
            this.attempt("reminders", remind, told, before)
        # What could not be looked at is not mended.
        this.attempt("report", tell, told, this.findings, before, this.somebody_hears, not this.problems)
    if this.problems:
        raise NotWatched("; ".join(this.problems))
    return {"findings": len(this.findings)}
