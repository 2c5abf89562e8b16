import json
import urllib.parse
from typing import Any

import pytest

from tests.harness.standins.recorder import Recorder
from tests.harness.standins.slack import UNKNOWN, Slack
from tests.harness.standins.slack_payload import Refusal, check_payload, unescaped
from tests.unit.standins.conftest import Post

URL = "https://docs.ananta.io/runbooks/service-down"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Runbook"), "url": URL, **changes}


def blocks(*some: dict[str, Any]) -> dict[str, Any]:
    return {"text": "ServiceDown", "blocks": list(some)}


def section(**keys: Any) -> dict[str, Any]:
    return blocks({"type": "section", **keys})


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return blocks({"type": "actions", "elements": list(elements)})


def attachment(**keys: Any) -> dict[str, Any]:
    return {"attachments": [{"title": "[FIRING:1] ServiceDown", "text": "cns-service", **keys}]}


ALERTMANAGERS = {
    "channel": "#critical-alerts",
    "username": "Alertmanager",
    "attachments": [
        {
            "title": "[FIRING:1] ServiceDown",
            "title_link": "https://alerts.ananta.io",
            "text": "cns-service",
            "fallback": "ServiceDown",
            "callback_id": "",
            "footer": "",
            "color": "danger",
            "fields": [{"title": "Plane", "value": "app", "short": True}],
            "mrkdwn_in": ["fallback", "pretext", "text"],
            "actions": [{"type": "button", "text": "Runbook", "url": URL, "style": "primary"}],
        }
    ],
}


@pytest.mark.parametrize(
    "good",
    [
        {"text": "t" * 40_000},
        ALERTMANAGERS,
        blocks(*[{"type": "divider"}] * 50),
        section(text=mrkdwn("t" * 3000)),
        section(fields=[mrkdwn("f" * 2000)] * 10, accessory=button()),
        blocks({"type": "header", "text": plain("h" * 150)}),
        blocks(
            {
                "type": "context",
                "elements": [mrkdwn("app")] * 9 + [{"type": "image", "image_url": URL, "alt_text": "i"}],
            }
        ),
        actions(*[button(action_id=f"a{index}") for index in range(25)]),
        actions(button(text=plain("b" * 75), url=f"https://a.b/{'u' * 2988}", style="danger")),
        blocks({"type": "image", "image_url": URL, "alt_text": "graph", "title": plain("graph")}),
        {"attachments": [{"color": "#ff0000", "blocks": [{"type": "section", "text": plain("ServiceDown")}]}] * 100},
    ],
)
def test_a_documented_message_is_taken(good: dict[str, Any]) -> None:
    check_payload(good)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({}, "no_text"),
        ({"text": " "}, "no_text"),
        ({"text": 1}, "invalid_payload"),
        ({"text": "t" * 40_001}, "msg_too_long"),
        ({"text": "t", "txt": "t"}, "invalid_payload: message has the unknown key 'txt'"),
        ({"text": "t", "blocks": {}}, "invalid_blocks_format"),
        (blocks(*[{"type": "divider"}] * 51), "invalid_blocks: blocks has 51 blocks"),
        (blocks({"type": "sectoin"}), "invalid_blocks: blocks[0]: unknown type 'sectoin'"),
        (blocks({"type": "divider", "text": "t"}), "unknown key 'text'"),
        (blocks({"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}), "block_id stands twice"),
        (section(), "neither text nor fields"),
        (section(text="t"), "no text object"),
        (section(text={"type": "mrkdwn", "text": "t", "emoji": True}), "unknown key 'emoji'"),
        (section(text=mrkdwn("")), "1 to 3000"),
        (section(text=mrkdwn("t" * 3001)), "1 to 3000"),
        (section(fields=[mrkdwn("f")] * 11), "11 fields"),
        (section(fields=[mrkdwn("f" * 2001)]), "1 to 2000"),
        (section(text=plain("t"), accessory={"type": "buton"}), "unknown element 'buton'"),
        (blocks({"type": "header", "text": plain("h" * 151)}), "1 to 150"),
        (blocks({"type": "header", "text": mrkdwn("h")}), "no plain_text object"),
        (blocks({"type": "context", "elements": [mrkdwn("c")] * 11}), "11 elements"),
        (blocks({"type": "context", "elements": []}), "0 elements"),
        (actions(*[button()] * 26), "26 elements"),
        (actions(button(action_id="a"), button(action_id="a")), "action_id stands twice"),
        (actions(button(text=plain("b" * 76))), "1 to 75"),
        (actions(button(url=f"https://a.b/{'u' * 2989}")), "1 to 3000"),
        (actions(button(url="runbooks/service-down")), "no URL"),
        (actions(button(style="warning")), "style is 'warning'"),
        (blocks({"type": "image", "image_url": URL}), "alt_text"),
        ({"attachments": [{"text": "t"}] * 101}, "too_many_attachments"),
        ({"attachments": ["t"]}, "invalid_attachments"),
        ({"attachments": [{"color": "danger"}]}, "no_text"),
        (attachment(colour="danger"), "unknown key 'colour'"),
        (attachment(color="red"), "color is 'red'"),
        (attachment(title_link="no link"), "title_link is no URL"),
        (attachment(fields=[{"title": "Plane"}]), "each has title, value"),
        (attachment(actions=[{"type": "button", "text": "b", "url": URL}] * 6), "6 buttons"),
        (attachment(actions=[{"type": "button", "text": "b", "url": "b"}]), "url is no URL"),
        (attachment(blocks=[{"type": "sectoin"}]), "attachments[0].blocks[0]: unknown type"),
    ],
)
def test_what_slack_would_not_show_is_refused_by_its_own_code(bad: dict[str, Any], error: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check_payload(bad)
    assert error in str(refusal.value)


def test_the_webhook_alone_says_which_channel_it_is(slack: Slack, recorder: Recorder, post: Post) -> None:
    reply = post(slack.webhook("#slo-alerts"), {**ALERTMANAGERS, "channel": "#critical-alerts"})

    assert (reply.status, reply.body) == (200, "ok")
    (delivery,) = recorder.since()
    assert (delivery.receiver, delivery.state, delivery.names) == ("#slo-alerts", "firing", ("ServiceDown",))


def test_a_message_of_the_forwarder_is_known_by_its_first_line(slack: Slack, recorder: Recorder, post: Post) -> None:
    text = "[RESOLVED] *control-plane-db-cpu-high*  ALARM → OK"
    below = {"color": "#2eb67d", "blocks": [{"type": "section", "text": mrkdwn("FIRING: ServiceDown is quiet")}]}
    post(slack.webhook("#database-alerts"), {"text": text, "attachments": [below]})

    (delivery,) = recorder.since()
    assert (delivery.state, delivery.names) == ("resolved", ("control-plane-db-cpu-high",))


def test_a_channel_keeps_its_webhook_and_no_two_share_one(slack: Slack) -> None:
    assert slack.webhook("#slo-alerts") == slack.webhook("#slo-alerts") != slack.webhook("#critical-alerts")
    assert slack.webhook("#slo-alerts").startswith(f"{slack.url}/services/T")
    with pytest.raises(ValueError, match="no channel"):
        slack.webhook("slo-alerts")


def test_a_form_is_read_too(slack: Slack, recorder: Recorder, post: Post) -> None:
    form = urllib.parse.urlencode({"payload": json.dumps({"text": "RESOLVED ServiceDown"})}).encode()

    assert post(slack.webhook("#slo-alerts"), form, "application/x-www-form-urlencoded").status == 200
    assert recorder.since()[0].state == "resolved"


def test_a_webhook_that_is_nobodys_is_no_service(slack: Slack, recorder: Recorder, post: Post) -> None:
    reply = post(f"{slack.url}/services/T0/B0/wrong", {"text": "ServiceDown"})

    assert (reply.status, reply.body) == (404, "no_service")
    assert (recorder.since()[0].receiver, recorder.since()[0].problem) == (UNKNOWN, "no_service")


def test_after_a_rotation_the_old_webhook_is_gone(slack: Slack, post: Post) -> None:
    old = slack.webhook("#slo-alerts")
    new = slack.rotate("#slo-alerts")

    assert (post(old, {"text": "t"}).body, post(new, {"text": "t"}).body) == ("no_service", "ok")


@pytest.mark.parametrize(
    ("body", "answer"), [(b"no json", "invalid_payload"), (b"[]", "invalid_payload"), (b"{}", "no_text")]
)
def test_a_body_that_is_no_message_is_a_400(slack: Slack, post: Post, body: bytes, answer: str) -> None:
    reply = post(slack.webhook("#slo-alerts"), body)

    assert (reply.status, reply.body) == (400, answer)


def test_a_fault_concerns_the_channel_that_it_names(slack: Slack, recorder: Recorder, post: Post) -> None:
    slack.rate_limit("#slo-alerts", seconds=7)
    slack.forget("#platform-alerts")
    slack.archive("#app-plane-alerts")

    limited = post(slack.webhook("#slo-alerts"), {"text": "ServiceDown"})

    assert (limited.status, limited.body, limited.headers["Retry-After"]) == (429, "rate_limited", "7")
    assert post(slack.webhook("#platform-alerts"), {"text": "t"}).body == "channel_not_found"
    assert post(slack.webhook("#app-plane-alerts"), {"text": "t"}).status == 410
    assert post(slack.webhook("#critical-alerts"), {"text": "t"}).status == 200
    assert recorder.since()[0].problem == "answered 429"

    slack.heal()
    assert post(slack.webhook("#slo-alerts"), {"text": "t"}).status == 200


@pytest.mark.parametrize(
    "good", ["a &lt;b&gt; &amp; c", "<https://a.b|Runbook>", "<!here> <@U1>", "> quoted\n>>> quoted", "no markup"]
)
def test_markup_and_escapes_are_no_finding(good: str) -> None:
    assert unescaped({"attachments": [{"text": good}]}) == []


@pytest.mark.parametrize("bad", ["rate < 3", "a & b", "a > b", "&nbsp;", "<b>bold</b>", "<|x>"])
def test_a_bare_sign_is_found_with_its_place(bad: str) -> None:
    found = unescaped({"blocks": [{"type": "section", "text": mrkdwn(bad), "url": "https://a.b/?x=1&y=2"}]})

    assert found
    assert all(place.startswith("blocks[0].text.text: ") for place in found)
