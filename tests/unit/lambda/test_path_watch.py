"""path-watch: who does not hear of an alarm, what is not filled, what still rings, and the canary."""

from __future__ import annotations

import json
from typing import Any

import pytest
from path_watch_world import (
    DATABASE_TEAM,
    EVENT,
    FUNCTIONS,
    ONCALL,
    SECRET,
    TOPICS,
    Alarms,
    Logs,
    PathWatch,
    Secrets,
    Sns,
)

DAY, HOUR, INTERVAL = 86400.0, 3600.0, 300.0


def told(sns: Sns) -> list[str]:
    """What the fallback topic has heard, without remedies."""
    return [
        "\n".join(line.removeprefix("- ") for line in one.message.splitlines() if line.startswith("- "))
        for one in sns.published
        if one.topic == TOPICS["fallback"]
    ]


# ---------------------------------------------------------------- who hears, what is filled


def test_where_all_is_well_nobody_is_told_anything(path_watch: PathWatch, sns: Sns) -> None:
    assert path_watch.run() == {"findings": 0}
    assert sns.published == []


def test_a_pending_address_is_named_with_its_topics_and_the_remedy_that_a_click_cannot_undo(
    shipped: PathWatch, sns: Sns
) -> None:
    for key in ("critical", "warning"):
        sns.subscribe(TOPICS[key], DATABASE_TEAM, state="PendingConfirmation")

    shipped.run({**EVENT, "mail": {**EVENT["mail"], "critical": [ONCALL, DATABASE_TEAM], "warning": [DATABASE_TEAM]}})

    assert told(sns) == [
        "database-team@ananta.io has not confirmed and hears nothing of ananta-critical-topic, ananta-warning-topic"
    ]
    assert sns.published[0].subject == "ananta: alerts do not reach everybody"
    assert "--authenticate-on-unsubscribe true" in sns.published[0].message
    assert "terraform apply asks again" in sns.published[0].message


@pytest.mark.parametrize("state", ["", "Deleted"])
def test_an_address_that_was_unsubscribed_or_has_vanished_is_named(state: str, path_watch: PathWatch, sns: Sns) -> None:
    if state:
        sns.subscribe(TOPICS["critical"], ONCALL, state=state)
    else:
        sns.unsubscribe(TOPICS["critical"], ONCALL)

    path_watch.run()

    assert told(sns) == ["oncall@ananta.io is not subscribed and hears nothing of ananta-critical-topic"]
    assert "terraform apply asks the address again" in sns.published[0].message


def test_an_address_that_left_the_catalogue_before_it_confirmed_is_named_as_nothing_to_do(
    path_watch: PathWatch, sns: Sns
) -> None:
    sns.subscribe(TOPICS["warning"], "old@ananta.io", state="PendingConfirmation")

    path_watch.run()

    assert told(sns) == ["old@ananta.io was asked to confirm ananta-warning-topic and is not in the catalogue any more"]
    assert "AWS drops it by itself" in sns.published[0].message


def test_an_address_is_the_same_in_other_letters(path_watch: PathWatch, sns: Sns) -> None:
    path_watch.run({**EVENT, "mail": {"critical": ["OnCall@Ananta.IO"]}})

    assert sns.published == []


def test_the_address_of_a_pending_webhook_is_shown_without_what_may_be_its_password(
    path_watch: PathWatch, sns: Sns
) -> None:
    sns.subscribe(TOPICS["fallback"], "https://me:pw@pager.example.com/in/t0ken", "https", "PendingConfirmation")

    path_watch.run()

    assert told(sns) == ["https://pager.example.com/… has not confirmed and hears nothing of ananta-fallback-topic"]
    assert "t0ken" not in sns.published[0].message


def test_a_forwarder_that_no_longer_listens_to_a_topic_is_named(path_watch: PathWatch, sns: Sns) -> None:
    sns.unsubscribe(TOPICS["slo"], FUNCTIONS[1])

    path_watch.run()

    assert told(sns) == ["ananta-slack-forwarder is not subscribed and hears nothing of ananta-slo-topic"]


def test_every_page_of_subscriptions_is_read(path_watch: PathWatch, sns: Sns) -> None:
    for number in range(7):
        sns.subscribe(TOPICS["critical"], f"{number}@ananta.io")
    sns.subscribe(TOPICS["critical"], DATABASE_TEAM, state="PendingConfirmation")

    path_watch.run({**EVENT, "mail": {"critical": [DATABASE_TEAM, *(f"{number}@ananta.io" for number in range(7))]}})

    assert told(sns) == ["database-team@ananta.io has not confirmed and hears nothing of ananta-critical-topic"]


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ({"VersionIdsToStages": {}}, "the secret ananta/pagerduty-key has no value"),
        ({}, "the secret ananta/pagerduty-key has no value"),
        ({"VersionIdsToStages": {"a": ["AWSPREVIOUS"]}}, "the secret ananta/pagerduty-key has no value"),
        (
            {"VersionIdsToStages": {"a": ["AWSCURRENT"]}, "DeletedDate": 1.7e9},
            "the secret ananta/pagerduty-key does not exist, or was deleted",
        ),
        (None, "the secret ananta/pagerduty-key does not exist, or was deleted"),
    ],
)
def test_a_secret_without_a_value_is_named(
    secret: dict[str, Any] | None, expected: str, path_watch: PathWatch, sns: Sns, vault: Secrets
) -> None:
    del vault.secrets[SECRET]
    if secret is not None:
        vault.secrets[SECRET] = secret

    path_watch.run()

    assert told(sns) == [expected]


# ---------------------------------------------------------------- how often


def test_the_same_is_told_once_a_day(shipped: PathWatch, sns: Sns) -> None:
    sns.unsubscribe(TOPICS["critical"], ONCALL)

    rounds = [shipped.run(after=INTERVAL) for _ in range(4)]
    assert (len(rounds), len(sns.published)) == (4, 1)
    shipped.run(after=DAY - 4 * INTERVAL)
    assert len(sns.published) == 1

    shipped.run(after=INTERVAL)
    assert len(sns.published) == 2
    shipped.run(after=INTERVAL)
    assert len(sns.published) == 2


def test_what_is_new_is_told_at_once_with_all_that_lasts(path_watch: PathWatch, sns: Sns, vault: Secrets) -> None:
    sns.unsubscribe(TOPICS["critical"], ONCALL)
    path_watch.run()
    vault.secrets[SECRET] = {}

    path_watch.run(after=INTERVAL)

    assert [text.count("\n") + 1 for text in told(sns)] == [1, 2]


def test_the_end_is_told_once(path_watch: PathWatch, sns: Sns) -> None:
    sns.unsubscribe(TOPICS["critical"], ONCALL)
    path_watch.run()
    sns.subscribe(TOPICS["critical"], ONCALL)

    path_watch.run(after=INTERVAL)
    path_watch.run(after=INTERVAL)

    assert [one.subject for one in sns.published][1:] == ["ananta: the alert path is whole again"]


def test_what_part_of_it_is_mended_is_no_news(path_watch: PathWatch, sns: Sns, vault: Secrets) -> None:
    sns.unsubscribe(TOPICS["critical"], ONCALL)
    vault.secrets[SECRET] = {}
    path_watch.run()
    vault.fill(SECRET)

    path_watch.run(after=INTERVAL)

    assert len(sns.published) == 1


# ---------------------------------------------------------------- when nobody listens to the fallback topic


def test_what_nobody_can_hear_waits_for_the_first_who_confirms(path_watch: PathWatch, sns: Sns, vault: Secrets) -> None:
    sns.subscribe(TOPICS["fallback"], ONCALL, state="PendingConfirmation")
    vault.secrets[SECRET] = {}
    path_watch.run()
    assert sns.published == []
    sns.subscribe(TOPICS["fallback"], ONCALL)

    path_watch.run(after=INTERVAL)

    assert told(sns) == ["the secret ananta/pagerduty-key has no value"]


def test_with_filled_secrets_the_forwarders_tell_that_nobody_listens_to_the_fallback_topic(
    path_watch: PathWatch, sns: Sns
) -> None:
    sns.subscribe(TOPICS["fallback"], ONCALL, state="PendingConfirmation")

    path_watch.run()
    path_watch.run(after=INTERVAL)

    (message,) = sns.published
    assert message.topic == TOPICS["warning"]
    content = json.loads(message.message)
    assert (content["severity"], content["category"]) == ("warning", "monitoring")
    assert "oncall@ananta.io has not confirmed and hears nothing of ananta-fallback-topic" in content["description"]


# ---------------------------------------------------------------- the canary, and what goes wrong


def test_the_canary_is_rung_from_ok_so_that_it_is_always_sent(path_watch: PathWatch, alarms: Alarms) -> None:
    path_watch.run()

    assert alarms.states == [("ananta-canary", "OK"), ("ananta-canary", "ALARM")]


def test_a_service_that_stumbles_is_asked_again(path_watch: PathWatch, sns: Sns, alarms: Alarms) -> None:
    sns.answer_with(500, times=1)
    sns.answer_with(400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", times=1)

    assert path_watch.run() == {"findings": 0}


def test_one_thing_that_cannot_be_looked_at_hides_nothing_and_raises_at_the_end(
    path_watch: PathWatch, sns: Sns, vault: Secrets, alarms: Alarms
) -> None:
    del sns.subscriptions[TOPICS["slo"]]
    vault.secrets[SECRET] = {}

    with pytest.raises(Exception, match="topic slo: ListSubscriptionsByTopic was answered 404 NotFound") as raised:
        path_watch.run()

    assert type(raised.value).__name__ == "NotWatched"
    assert len(alarms.states) == 2
    assert told(sns) == ["the secret ananta/pagerduty-key has no value"]


def test_what_could_not_be_looked_at_is_not_told_as_mended(path_watch: PathWatch, sns: Sns, vault: Secrets) -> None:
    vault.secrets[SECRET] = {}
    path_watch.run()
    vault.answer_with(400, json.dumps({"__type": "AccessDeniedException", "Message": "no"}))

    with pytest.raises(Exception, match="secret ananta/pagerduty-key: DescribeSecret was answered 400 AccessDenied"):
        path_watch.run(after=INTERVAL)

    assert len(sns.published) == 1


def test_without_its_log_it_repeats_nothing_and_raises(
    path_watch: PathWatch, sns: Sns, logs: Logs, alarms: Alarms
) -> None:
    sns.unsubscribe(TOPICS["critical"], ONCALL)
    logs.answer_with(400, json.dumps({"__type": "AccessDeniedException"}))

    with pytest.raises(Exception, match="own log: FilterLogEvents was answered 400 AccessDeniedException"):
        path_watch.run()

    assert sns.published == []
    assert len(alarms.states) == 2


@pytest.mark.parametrize("event", [{}, {"mail": {}}, {"mail": [], "secrets": []}, "text", None])
def test_an_event_without_its_lists_is_refused_by_name(event: Any, path_watch: PathWatch, sns: Sns) -> None:
    with pytest.raises(Exception, match="the event has no `(mail|secrets)`"):
        path_watch.run(event)
    assert sns.requests == []


def test_what_is_broken_in_the_environment_is_named(path_watch: PathWatch, surroundings: dict[str, str]) -> None:
    surroundings["TOPICS"] = "{"

    with pytest.raises(Exception, match="TOPICS is no JSON"):
        path_watch.run()
