import threading
import time

from tests.harness.standins.recorder import Delivery, Names, Recorder, State, Told, difference, state_of, told

SLACK = Told("#critical-alerts", "ServiceDown")
MAIL = Told("mail@oncall@ananta.io", "ServiceDown")


def delivery(fact: Told, problem: str = "") -> Delivery:
    return Delivery(time.time(), fact.receiver, fact.state, (fact.name,), {}, problem)


def test_equal_sets_are_no_difference_whatever_their_order() -> None:
    assert not difference([SLACK, MAIL], [MAIL, SLACK])


def test_a_difference_shows_expected_and_got_side_by_side() -> None:
    found = difference([SLACK], [MAIL])

    assert found
    assert found.missing == {SLACK}
    assert found.unexpected == {MAIL}
    assert str(found).splitlines() == [
        "  expected                               got",
        "! #critical-alerts  ServiceDown  firing",
        "!                                        mail@oncall@ananta.io  ServiceDown  firing",
    ]


def test_what_is_heard_twice_is_named_but_is_no_difference() -> None:
    found = difference([SLACK], [SLACK, SLACK])

    assert not found
    assert found.repeated == (SLACK,)


def test_a_refused_delivery_told_nobody_anything() -> None:
    assert told([delivery(SLACK, problem="answered 500"), delivery(MAIL)]) == [MAIL]


def test_waiting_ends_with_the_delivery_that_was_waited_for() -> None:
    recorder = Recorder()
    threading.Timer(0.05, lambda: recorder.add(delivery(SLACK))).start()

    assert recorder.wait(lambda one: one.receiver == "#critical-alerts", timeout=5)
    assert recorder.wait(lambda one: one.receiver == "pagerduty", timeout=0.05) is None


def test_silence_is_counted_from_the_last_delivery() -> None:
    recorder = Recorder()
    begin = time.time()
    threading.Timer(0.1, lambda: recorder.add(delivery(SLACK))).start()

    assert recorder.wait_quiet(0.3, timeout=5)
    assert time.time() - begin > 0.38


def test_the_heartbeat_breaks_no_silence() -> None:
    recorder = Recorder()
    recorder.add(delivery(Told("heartbeat", "Watchdog"))._replace(at=time.time() + 60))

    assert recorder.wait_quiet(0.05, timeout=1)


def test_expecting_waits_for_all_and_then_sees_what_comes_too_much() -> None:
    recorder = Recorder()
    threading.Timer(0.05, lambda: recorder.add(delivery(SLACK))).start()
    threading.Timer(0.15, lambda: recorder.add(delivery(MAIL))).start()

    assert recorder.expect([SLACK], timeout=5, quiet=0.2).unexpected == {MAIL}


def test_a_listener_hears_each_delivery_until_it_leaves() -> None:
    recorder, heard = Recorder(), list[Delivery]()
    leave = recorder.listen(heard.append)
    recorder.add(delivery(SLACK))
    leave()
    recorder.add(delivery(MAIL))

    assert [one.receiver for one in heard] == ["#critical-alerts"]


def test_names_are_whole_words_and_the_longest_that_fits() -> None:
    names = Names({"db-cpu-high", "control-plane-db-cpu-high", "ServiceDown"})

    assert names.find("*control-plane-db-cpu-high* ServiceDowns [FIRING:1] ServiceDown, ServiceDown") == (
        "control-plane-db-cpu-high",
        "ServiceDown",
    )
    assert Names([]).find("anything") == ()


def test_a_message_says_whether_it_fires_or_has_ended() -> None:
    states: dict[str, State] = {
        "[FIRING:1] ServiceDown": "firing",
        "[RESOLVED] ServiceDown was FIRING": "resolved",
        "Resolved: ServiceDown": "resolved",
        "control-plane-db-cpu-high: OK → ALARM": "firing",
        "ALARM → OK": "resolved",
        "ALARM -> *OK*": "resolved",
        "OK → INSUFFICIENT_DATA": "firing",
        "x has data now and is within its threshold": "resolved",
        "no state at all": "firing",
    }
    assert {text: state_of(text) for text in states} == states


def test_a_heading_is_read_before_the_text_below_it() -> None:
    below = "RESOLVED: the scrape failed, or ServiceDown would fire"

    assert Names({"ServiceDown", "ExporterDown"}).find("[FIRING:1] ExporterDown", below) == ("ExporterDown",)
    assert Names({"ServiceDown"}).find("no known name", below) == ("ServiceDown",)
    assert state_of("[FIRING:1] ExporterDown", below) == "firing"
    assert state_of("ExporterDown", below) == "resolved"
