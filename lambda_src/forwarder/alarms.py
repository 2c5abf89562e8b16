"""The present state of an alarm, asked of CloudWatch."""

from typing import NamedTuple
from urllib.parse import quote

from forwarder.aws import call
from forwarder.post import Unreachable
from forwarder.text import epoch


class Present(NamedTuple):
    """`since` in epoch seconds, 0 when CloudWatch did not say."""

    state: str
    since: float


def present_state(arn: str, own_account: str, seconds: float) -> Present | None:
    """None for what cannot be asked or is not found: an alarm of another account, no permission, no such alarm."""
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[2] != "cloudwatch" or (own_account and parts[4] != own_account):
        return None
    region, name = parts[3], parts[6]
    # Both types are named: without it composite alarms are left out of the answer.
    body = (
        "Action=DescribeAlarms&Version=2010-08-01"
        "&AlarmTypes.member.1=CompositeAlarm&AlarmTypes.member.2=MetricAlarm"
        f"&AlarmNames.member.1={quote(name, safe='-_.~')}"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    try:
        answer = call("monitoring", "monitoring", region, headers, body.encode(), seconds)
    except Unreachable:
        return None
    if answer.status != 200:
        return None
    state = _between(answer.body, "StateValue")
    return Present(state, epoch(_between(answer.body, "StateUpdatedTimestamp"))) if state else None


def _between(xml: str, tag: str) -> str:
    """The tag's text: one alarm was asked for by its name, so that one is in the answer."""
    return xml.partition(f"<{tag}>")[2].partition("<")[0].strip()
