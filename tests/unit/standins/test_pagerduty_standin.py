import json
import ssl
import threading
import time
import urllib.error
from typing import Any

import pytest

from tests.harness.standins.pagerduty import PagerDuty, event_errors
from tests.harness.standins.recorder import Recorder
from tests.harness.standins.tls import Authority
from tests.unit.standins.conftest import Post

KEY, OTHER_KEY = "k" * 32, "o" * 32
PAYLOAD = {"summary": "ServiceDown: cns-service", "source": "prometheus", "severity": "critical"}
FULL_PAYLOAD = {
    **PAYLOAD,
    "timestamp": "2026-11-25T07:30:00.000+00:00",
    "component": "cns-service",
    "group": "app",
    "class": "availability",
    "custom_details": {"firing": "ServiceDown", "num_firing": "1"},
}


def event(**changes: Any) -> dict[str, Any]:
    return {"routing_key": KEY, "event_action": "trigger", "dedup_key": "one", "payload": PAYLOAD, **changes}


def payload(**changes: Any) -> dict[str, Any]:
    return event(payload={**FULL_PAYLOAD, **changes})


@pytest.mark.parametrize(
    "good",
    [
        event(),
        {"routing_key": KEY, "event_action": "trigger", "payload": FULL_PAYLOAD},
        {"routing_key": KEY, "event_action": "resolve", "dedup_key": "one"},
        {"routing_key": KEY, "event_action": "acknowledge", "dedup_key": "d" * 255},
        payload(summary="s" * 1024),
        payload(timestamp="2026-11-25T07:30:00Z"),
        event(client="Alertmanager", client_url="https://alerts.ananta.io"),
        event(
            links=[{"href": "https://docs.ananta.io/runbooks/service-down", "text": "Runbook"}, {"href": "http://a.b"}]
        ),
        event(images=[{"src": "https://a.b/graph.png", "href": "https://a.b", "alt": "graph"}]),
    ],
)
def test_a_documented_event_is_taken(good: dict[str, Any]) -> None:
    assert event_errors(good) == []


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (event(routing_key="k" * 31), "Length of 'routing_key' is incorrect (should be 32 characters)"),
        (event(routing_key=None), "'routing_key' is missing"),
        (event(event_action="fire"), "'event_action'"),
        (event(dedup_key="d" * 256), "'dedup_key' is too long"),
        (event(dedup_key=""), "'dedup_key' is no string or blank"),
        ({"routing_key": KEY, "event_action": "resolve"}, "'dedup_key' is missing"),
        (event(payload=None), "'payload' is missing"),
        (event(payload="text"), "'payload' is missing or no object"),
        (payload(summary=""), "'payload.summary' is missing"),
        (payload(summary="s" * 1025), "'payload.summary' is too long"),
        (payload(source=None), "'payload.source' is missing"),
        (payload(severity="page"), "'payload.severity' is not one of"),
        (payload(timestamp="yesterday"), "'payload.timestamp' is not in ISO 8601"),
        (payload(component=["a"]), "'payload.component' is no string"),
        (payload(**{"class": 1}), "'payload.class' is no string"),
        (payload(group=None), "'payload.group' is no string"),
        (payload(custom_details="text"), "'payload.custom_details' is no object"),
        (payload(details={}), "'payload.details' is not a field"),
        (event(routing_kee=KEY), "'routing_kee' is not a field"),
        (event(client=1), "'client' is no string"),
        (event(links={"href": "https://a.b"}), "'links' is no list"),
        (event(links=[{"text": "Runbook"}]), "'links[0]' needs 'href'"),
        (event(links=[{"href": "https://a.b/x y"}]), "'links[0]' needs 'href'"),
        (event(links=[{"href": "https://a.b", "title": "x"}]), "'links[0]' has an unknown field 'title'"),
        (event(images=[{"src": "http://a.b/graph.png"}]), "'images[0]' needs 'src', an https URL"),
        (event(images=["https://a.b/graph.png"]), "'images[0]' is no object"),
    ],
)
def test_what_the_documentation_forbids_is_named(bad: dict[str, Any], error: str) -> None:
    assert any(error in found for found in event_errors(bad)), event_errors(bad)


def test_an_event_is_answered_as_documented(pagerduty: PagerDuty, post: Post) -> None:
    reply = post(pagerduty.events_url, event())

    assert reply.status == 202
    assert json.loads(reply.body) == {"status": "success", "message": "Event processed", "dedup_key": "one"}


def test_a_bad_event_is_refused_as_documented_and_kept_with_its_problem(
    pagerduty: PagerDuty, recorder: Recorder, post: Post
) -> None:
    reply = post(pagerduty.events_url, event(routing_key="short"))

    length = "Length of 'routing_key' is incorrect (should be 32 characters)"
    assert reply.status == 400
    assert json.loads(reply.body) == {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": [length],
    }
    assert [one.problem for one in recorder.since()] == [length]
    assert pagerduty.incidents() == []


@pytest.mark.parametrize(("body", "status"), [(b"no json", 400), (b"[]", 400), (b" " * (512 * 1024 + 1), 413)])
def test_a_body_that_is_no_event_is_refused(pagerduty: PagerDuty, post: Post, body: bytes, status: int) -> None:
    assert post(pagerduty.events_url, body).status == status


def test_another_path_is_not_found(pagerduty: PagerDuty, post: Post) -> None:
    assert post(f"{pagerduty.url}/v2/enqueu", event()).status == 404


def test_only_known_keys_are_taken_after_a_rotation(pagerduty: PagerDuty, post: Post) -> None:
    pagerduty.accept_only(KEY)
    assert post(pagerduty.events_url, event()).status == 202

    pagerduty.accept_only(OTHER_KEY)
    reply = post(pagerduty.events_url, event())

    assert reply.status == 400
    assert "routing_key" in reply.body


def test_a_key_of_a_wrong_length_cannot_be_known(pagerduty: PagerDuty) -> None:
    with pytest.raises(ValueError, match="32 characters, this one 7"):
        pagerduty.accept_only("new-key")


def test_triggers_of_one_key_are_one_incident_until_it_is_resolved(pagerduty: PagerDuty, post: Post) -> None:
    post(pagerduty.events_url, event())
    post(pagerduty.events_url, event())
    post(pagerduty.events_url, event(event_action="acknowledge"))
    (incident,) = pagerduty.open_incidents()
    assert (incident.triggers, incident.acknowledged) == (2, True)

    post(pagerduty.events_url, event(event_action="resolve"))
    assert pagerduty.open_incidents() == []

    post(pagerduty.events_url, event())
    assert [one.open for one in pagerduty.incidents()] == [False, True]


def test_a_trigger_without_a_key_gets_one(pagerduty: PagerDuty, post: Post) -> None:
    reply = post(pagerduty.events_url, {"routing_key": KEY, "event_action": "trigger", "payload": PAYLOAD})

    assert pagerduty.incidents()[0].dedup_key == json.loads(reply.body)["dedup_key"]


def test_a_resolve_without_payload_ends_the_alerts_of_its_incident(
    pagerduty: PagerDuty, recorder: Recorder, post: Post
) -> None:
    post(pagerduty.events_url, event())
    post(pagerduty.events_url, {"routing_key": KEY, "event_action": "resolve", "dedup_key": "one"})

    assert [(one.state, one.names) for one in recorder.since()] == [
        ("firing", ("ServiceDown",)),
        ("resolved", ("ServiceDown",)),
    ]


def test_an_incident_is_about_what_fired_and_not_about_what_a_text_mentions(
    pagerduty: PagerDuty, recorder: Recorder, post: Post
) -> None:
    firing = "ServiceDown service=cns-service\nCNSConfigUnhealthy is held back"
    details = {"alerts": "ServiceDown, CNSConfigUnhealthy", "firing": firing.replace("CNS", "and CNS")}
    post(pagerduty.events_url, event(payload={**PAYLOAD, "custom_details": details}))
    # An inhibited alert that ends with its inhibitor is listed in the group's resolve.
    post(pagerduty.events_url, event(event_action="resolve", payload={**PAYLOAD, "summary": "CNSConfigUnhealthy"}))

    assert [(one.state, one.names) for one in recorder.since()] == [
        ("firing", ("ServiceDown",)),
        ("resolved", ("ServiceDown",)),
    ]


def test_an_alert_that_joins_an_incident_ends_with_it(pagerduty: PagerDuty, recorder: Recorder, post: Post) -> None:
    post(pagerduty.events_url, event())
    post(pagerduty.events_url, event(payload={**PAYLOAD, "custom_details": {"name": "db-cpu-high"}}))
    post(pagerduty.events_url, event(event_action="resolve"))

    assert [one.names for one in recorder.since()] == [
        ("ServiceDown",),
        ("db-cpu-high",),
        ("ServiceDown", "db-cpu-high"),
    ]


def test_a_resolve_that_finds_no_incident_is_taken_and_tells_nobody(
    pagerduty: PagerDuty, recorder: Recorder, post: Post
) -> None:
    assert post(pagerduty.events_url, event(event_action="resolve")).status == 202

    assert recorder.since() == []
    assert [one["dedup_key"] for one in pagerduty.ignored()] == ["one"]


def test_a_fault_answers_so_many_times_and_is_recorded(pagerduty: PagerDuty, recorder: Recorder, post: Post) -> None:
    pagerduty.answer_with(500, "sorry", {"Retry-After": "1"}, times=2)

    replies = [post(pagerduty.events_url, event()) for _ in range(3)]

    assert [reply.status for reply in replies] == [500, 500, 202]
    assert (replies[0].body, replies[0].headers["Retry-After"]) == ("sorry", "1")
    assert [one.problem for one in recorder.since()] == ["answered 500", "answered 500", ""]


def test_refusing_closes_the_port_and_healing_opens_the_same_one(pagerduty: PagerDuty, post: Post) -> None:
    url = pagerduty.events_url
    pagerduty.refuse()
    with pytest.raises(urllib.error.URLError, match="refused"):
        post(url, event())

    pagerduty.heal()

    assert post(url, event()).status == 202


def test_a_hanging_server_answers_nothing_and_others_are_not_held_up(pagerduty: PagerDuty, post: Post) -> None:
    pagerduty.hang(times=1)
    with pytest.raises(TimeoutError):
        post(pagerduty.events_url, event(), timeout=0.2)

    assert post(pagerduty.events_url, event()).status == 202


def test_healing_lets_hanging_requests_go_without_an_answer(pagerduty: PagerDuty, post: Post) -> None:
    pagerduty.hang()
    threading.Timer(0.1, pagerduty.heal).start()
    begin = time.monotonic()

    with pytest.raises((urllib.error.URLError, ConnectionError)):
        post(pagerduty.events_url, event())

    assert time.monotonic() - begin < 2


def test_the_certificate_is_good_until_it_is_spoiled(
    pagerduty: PagerDuty, post: Post, tmp_path: Any, context: ssl.SSLContext
) -> None:
    pagerduty.spoil_certificate(Authority(tmp_path).server_context())
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        post(pagerduty.events_url, event())

    pagerduty.heal()

    assert post(pagerduty.events_url, event()).status == 202
