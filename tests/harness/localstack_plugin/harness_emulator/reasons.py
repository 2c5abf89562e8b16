"""NewStateReason in CloudWatch's words: how many of the last datapoints, their values and times, the threshold."""

import datetime
from typing import Any

COMPARISONS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


def threshold_crossed(alarm: Any, oldest_first: list[float], desired: str) -> str:
    """The reason for a change to `desired`; datapoints are said to be one period apart, the newest first."""
    periods, wanted = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    newest = oldest_first[::-1][:periods]
    breaching = [value for value in newest if _breaches(value, alarm)]
    shown = breaching if desired == "ALARM" else [value for value in newest if value not in breaching]
    least = wanted if desired == "ALARM" else periods - wanted + 1
    now = datetime.datetime.now(datetime.UTC).replace(second=0)
    times = [now - datetime.timedelta(seconds=alarm["Period"] * number) for number in range(len(shown))]
    points = ", ".join(f"{value} ({at:%d/%m/%y %H:%M:%S})" for value, at in zip(shown, times, strict=True))
    verb = "was" if len(shown) == 1 else "were"
    negation = "" if desired == "ALARM" else "not "
    change = "OK -> ALARM" if desired == "ALARM" else "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(shown)} out of the last {periods} datapoints [{points}] {verb} {negation}"
        f"{COMPARISONS[alarm['ComparisonOperator']]} the threshold ({alarm['Threshold']}) "
        f"(minimum {least} datapoint{'' if least == 1 else 's'} for {change} transition)."
    )


def _breaches(value: float, alarm: Any) -> bool:
    threshold = float(alarm["Threshold"])
    return {
        "GreaterThanThreshold": value > threshold,
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }[alarm["ComparisonOperator"]]
