"""Nothing is refused for its length or its letters: both formatters keep the limits of their API."""

from __future__ import annotations

import json

from forwarder.format_slack import escaped
from hypothesis import given, settings
from hypothesis import strategies as st
from lambda_messages import alarm, sns
from lambda_standins import PagerDuty, Slack, shown
from lambda_world import Forwarder

LONG = "long & <b>näme</b> " * 20000


def test_a_message_of_a_quarter_of_a_megabyte_is_taken_by_both(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    many = {f"key-{number}": LONG[:500] for number in range(400)}
    alerts = [{"labels": {"alertname": LONG[:3000], "x": LONG[:3000]}, "annotations": {"summary": LONG[:900]}}] * 100
    messages = [
        LONG[:250000],
        many,
        {"title": LONG, "description": LONG},
        {"alerts": alerts},
        alarm(LONG[:255], AlarmDescription=LONG[:1024], NewStateReason=LONG, AlarmRule=LONG[:10000]),
        {"detail-type": LONG, "source": LONG, "detail": many},
        {"detail-type": "x", "source": "aws.guardduty", "detail": {"severity": 8, "title": LONG, "arn": LONG}},
    ]
    for message in messages:
        pagerduty_forwarder.receive(sns(message, topic="critical-alerts-topic"))
        slack_forwarder.receive(sns(message, topic="critical-alerts-topic"))

    assert len(pagerduty.taken) == len(messages) - 1
    assert len(slack.channels()) >= len(messages)


def test_an_arn_that_is_too_long_for_a_key_still_opens_and_ends_one_incident(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder
) -> None:
    for name in ("x" * 255, "x" * 254 + "y"):
        pagerduty_forwarder.receive(sns(alarm(name, severity="critical", age=30)))
    pagerduty_forwarder.receive(sns(alarm("x" * 255, "OK", severity="critical")))

    assert list(pagerduty.states().values()) == ["resolved", "open"]


def test_signs_of_slacks_markup_are_shown_as_typed_and_call_nobody(slack: Slack, slack_forwarder: Forwarder) -> None:
    slack_forwarder.receive(sns("<!channel> & <https://evil.example|click> &lt;"))

    assert "<!channel> & <https://evil.example|click>" in shown(slack.messages()[0])
    assert "<!" not in json.dumps(slack.messages()[0])


def test_half_characters_and_control_characters_do_not_reach_the_receiver(
    pagerduty: PagerDuty, pagerduty_forwarder: Forwarder, slack: Slack, slack_forwarder: Forwarder
) -> None:
    event = sns("\ud83d half \x00 zero \x1b[31m red \udcff", topic="critical-alerts-topic")

    pagerduty_forwarder.receive(event)
    slack_forwarder.receive(event)

    for text in (json.dumps(pagerduty.taken[0]), json.dumps(slack.messages()[0])):
        assert "\\u0000" not in text and "\\u001b" not in text and "\\ud83d" not in text and "half" in text


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(8, 60))
def test_an_escaped_text_is_never_longer_than_its_limit_nor_cut_within_an_escape(text: str, limit: int) -> None:
    safe = escaped(text, limit)

    assert len(safe) <= limit
    assert "<" not in safe and ">" not in safe
    whole = safe.removesuffix("…")
    assert "&" not in whole.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
    assert text.startswith(whole.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def test_links_are_buttons_only_where_they_are_addresses(slack: Slack, slack_forwarder: Forwarder) -> None:
    description = "x\nRunbook: javascript:alert(1)\nDashboard: https://grafana.example/d/x y"
    slack_forwarder.receive(sns(alarm(AlarmDescription=description)))

    text = shown(slack.messages()[0])

    assert "javascript" not in text and "grafana.example" not in text
    assert "console.aws.amazon.com" in text


def test_general_links_stand_in_where_the_message_has_none(
    slack: Slack, slack_forwarder: Forwarder, environment: dict[str, str]
) -> None:
    environment |= {"GRAFANA_URL": "https://grafana.example", "RUNBOOKS_URL": "https://runbooks.example"}

    slack_forwarder.receive(sns("a text"))
    slack_forwarder.receive(sns(alarm()))

    first, second = (shown(message) for message in slack.messages())
    assert "https://grafana.example" in first and "https://runbooks.example" in first
    assert "https://grafana.example" in second and "https://runbooks.example" not in second


def test_console_links_follow_the_partition_and_are_left_out_where_it_is_unknown(
    slack: Slack, slack_forwarder: Forwarder
) -> None:
    places = (("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"), ("x", "y"))
    for partition, region in places:
        arn = f"arn:{partition}:cloudwatch:{region}:123456789012:alarm:a/b c"
        slack_forwarder.receive(sns(alarm("a/b c", AlarmArn=arn)))

    links = [[line for line in shown(message).split("\n") if "/cloudwatch/" in line] for message in slack.messages()]

    assert links == [
        ["https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/a%2Fb%20c"],
        ["https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1#alarmsV2:alarm/a%2Fb%20c"],
        [
            "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1"
            "#alarmsV2:alarm/a%2Fb%20c"
        ],
        [],
    ]
