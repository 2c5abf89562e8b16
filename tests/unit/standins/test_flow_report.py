import json
import time
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.harness.picture import draw
from tests.harness.report import Run, mrkdwn, rows, without_secrets, write_report
from tests.harness.standins.recorder import Delivery, Recorder, State, Told, difference, told
from tests.harness.timeline import Event, FlowResult, Timeline, first_told

HOSTILE = "<script>alert('x')</script>\"' & <b>"
SLACK = Told("#critical-alerts", "ServiceDown")
MAIL = Told("mail@oncall@ananta.io", "ServiceDown")
MISSED = Told("#app-plane-alerts", "ServiceDown")
SUPERFLUOUS = Told("#critical-alerts", "CNSConfigUnhealthy")
KEY = "k" * 32

BODIES: dict[str, Any] = {
    "pagerduty": {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "one",
        "payload": {
            "summary": HOSTILE,
            "source": "prometheus",
            "severity": "critical",
            "custom_details": {HOSTILE: HOSTILE},
        },
        "links": [
            {"href": "javascript:alert(1)", "text": HOSTILE},
            {"href": "https://docs.ananta.io", "text": "Runbook"},
        ],
    },
    "#critical-alerts": {
        "attachments": [
            {"title": HOSTILE, "title_link": "javascript:alert(1)", "text": f"*Plane* app {HOSTILE}", "color": "danger"}
        ]
    },
    "#app-plane-alerts": {
        "text": HOSTILE,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Plane*\n<https://a.b|app>"}]},
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": {"type": "plain_text", "text": "Runbook"}, "url": "https://r.b"}
                ],
            },
        ],
    },
    "mail@oncall@ananta.io": {
        "subject": HOSTILE,
        "from": "a@b",
        "to": "oncall@ananta.io",
        "text": HOSTILE,
        "html": HOSTILE,
    },
}


def delivery(
    after: float, receiver: str, state: State = "firing", name: str = "ServiceDown", problem: str = ""
) -> Delivery:
    return Delivery(1000.0 + after, receiver, state, (name,), BODIES.get(receiver, HOSTILE), problem)


def flow(deliveries: list[Delivery], expected: list[Told]) -> FlowResult:
    found = difference(expected, told(deliveries))
    events = [Event(1001.0, "platform", f"cns-service is killed {HOSTILE}")]
    facts = {"from the kill to the page": "4.9 s"}
    return FlowResult(
        "Service down", 1000.0, events, deliveries, found.expected, found.missing, found.unexpected, 1042.0, facts
    )


GOOD = flow([delivery(6, "#critical-alerts"), delivery(7, "mail@oncall@ananta.io")], [SLACK, MAIL])
BAD = flow(
    [
        *[delivery(6 + index, receiver) for index, receiver in enumerate(BODIES)],
        delivery(12, "#critical-alerts", name="CNSConfigUnhealthy"),
        delivery(13, "mail@oncall@ananta.io", problem="answered 451"),
        delivery(14, "slack:unknown", problem="no_service"),
    ],
    [SLACK, MAIL, Told("pagerduty", "ServiceDown"), Told("#slo-alerts", "ServiceDown")],
)


class Page(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.fixture
def page(tmp_path: Path) -> Page:
    run = Run("A real failure reaches the right people", [GOOD, BAD], {"prometheus": "2.42.0"}, {"apply": 74.94})
    return Page(write_report(tmp_path, run).read_text())


def test_a_page_runs_nothing_and_asks_nobody(page: Page) -> None:
    assert not {"script", "link", "img", "object", "embed"} & set(page.tags)
    assert {value for key, value in page.attributes if key == "href"} == {
        "#",
        "https://docs.ananta.io",
        "https://a.b",
        "https://r.b",
    }
    assert not [key for key, _ in page.attributes if key.startswith("on") or key == "src"]
    assert ("sandbox", None) in page.attributes


def test_a_page_shows_messages_word_for_word(page: Page) -> None:
    assert f"trigger: {HOSTILE}" in page.texts
    assert ("srcdoc", HOSTILE) in page.attributes
    assert {"74.9 s", "2.42.0", "missing", "unexpected", "arrived", "answered 451", "4.9 s"} <= set(page.texts)


def test_no_routing_key_is_shown(tmp_path: Path) -> None:
    run = Run("Demo", [BAD], {}, {})
    page = write_report(tmp_path, run)

    assert KEY not in page.read_text()
    assert KEY not in (tmp_path / "report.json").read_text()
    assert without_secrets("text") == "text"


def test_the_same_is_there_for_programs(tmp_path: Path) -> None:
    write_report(tmp_path, Run("Demo", [GOOD, BAD], {"prometheus": "2.42.0"}, {"apply": 74.94}))

    written = json.loads((tmp_path / "report.json").read_text())

    assert (written["passed"], [one["passed"] for one in written["flows"]]) == (False, [True, False])
    assert written["durations"] == {"apply": 74.9}
    bad = written["flows"][1]
    assert bad["missing"] == [{"receiver": "#slo-alerts", "name": "ServiceDown", "state": "firing"}]
    assert bad["started"] == "1970-01-01T00:16:40.000Z"
    assert (bad["deliveries"][0]["after"], bad["deliveries"][0]["names"]) == (6.0, ["ServiceDown"])


def test_a_flow_with_another_problem_has_not_passed(tmp_path: Path) -> None:
    twice = GOOD._replace(problems=["PagerDuty has 2 incidents, expected 1"])
    page = write_report(tmp_path, Run("Demo", [twice], {}, {}))

    assert not twice.passed
    assert "✗ PagerDuty has 2 incidents, expected 1" in page.read_text()


def test_a_run_without_a_flow_has_not_passed() -> None:
    assert not Run("Demo", [], {}, {}).passed
    assert Run("Demo", [GOOD], {}, {}).passed


def test_a_picture_has_a_lane_for_each_destination_also_for_one_that_heard_nothing() -> None:
    picture = ElementTree.fromstring(draw(BAD))

    names = [text.text for text in picture.iter("text") if text.get("class") == "name"]
    assert names == [
        "platform",
        "pagerduty",
        "#app-plane-alerts",
        "#critical-alerts",
        "#slo-alerts",
        "oncall@ananta.io",
        "slack:unknown",
    ]
    dots = [circle.get("class") for circle in picture.iter("circle")]
    assert (dots.count("firing"), dots.count("refused")) == (5, 3)


def test_a_picture_stays_inside_its_frame() -> None:
    long = flow([delivery(0.1, "#critical-alerts", name="n" * 300), delivery(41.9, "pagerduty", name="n" * 20)], [])
    picture = ElementTree.fromstring(draw(long))

    _, _, width, height = (float(number) for number in str(picture.get("viewBox")).split())
    for text in picture.iter("text"):
        x, wide = float(str(text.get("x"))), len(str(text.text)) * 6.6
        left, right = {"end": (x - wide, x), "middle": (x - wide / 2, x + wide / 2)}.get(
            str(text.get("text-anchor")), (x, x + wide)
        )
        assert left >= 0 and right <= width + 1 and float(str(text.get("y"))) <= height


def test_the_table_begins_with_what_went_wrong() -> None:
    assert [(row.fact.receiver, row.verdict, row.after) for row in rows(BAD)] == [
        ("#slo-alerts", "missing", None),
        ("#app-plane-alerts", "unexpected", 8.0),
        ("#critical-alerts", "unexpected", 12.0),
        ("#critical-alerts", "arrived", 7.0),
        ("mail@oncall@ananta.io", "arrived", 9.0),
        ("pagerduty", "arrived", 6.0),
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _italic_ `code` 2 * 3 * 4", "<b>bold</b> <i>italic</i> <code>code</code> 2 * 3 * 4"),
        (
            "<https://a.b?x&y|Runbook &amp; more>",
            '<a href="https://a.b?x&amp;y" rel="noreferrer">Runbook &amp; more</a>',
        ),
        ("<!here> <javascript:alert(1)|x>", "<b>!here</b> <b>x</b>"),
        ("a &lt;b&gt; &amp;lt;\nc", "a &lt;b&gt; &amp;lt;<br>c"),
        ("snake_case_name", "snake_case_name"),
    ],
)
def test_slacks_markup_is_shown_as_slack_shows_it(text: str, shown: str) -> None:
    assert mrkdwn(text) == shown


def timeline(recorder: Recorder) -> tuple[Timeline, StringIO]:
    out = StringIO()
    return Timeline("Service down", recorder, Console(file=out, width=100, color_system=None)), out


def test_a_timeline_prints_what_happens_when_it_happens() -> None:
    recorder = Recorder()
    shown, out = timeline(recorder)
    with shown:
        shown.note("cns-service is killed [bold]")
        recorder.add(delivery(0, "#critical-alerts")._replace(at=time.time()))
        assert "#critical-alerts" in out.getvalue()
        recorder.add(delivery(0, "mail@oncall@ananta.io", problem="answered 451")._replace(at=time.time()))
        recorder.add(delivery(0, "heartbeat", name="Watchdog")._replace(at=time.time()))
    recorder.add(delivery(0, "#slo-alerts")._replace(at=time.time()))

    text = out.getvalue()
    assert "platform                           cns-service is killed [bold]" in text
    assert "FIRING   ServiceDown" in text
    assert "refused ServiceDown  answered 451" in text
    assert "Watchdog" not in text
    assert "#slo-alerts" not in text


def test_a_timeline_ends_with_a_verdict() -> None:
    recorder = Recorder()
    shown, out = timeline(recorder)
    with shown:
        recorder.add(delivery(0, "#critical-alerts")._replace(at=time.time()))
        good = shown.result(difference([SLACK], told(recorder.since())), {"from the kill to the page": "4.9 s"})
        bad = shown.result(difference([SLACK, MISSED], told(recorder.since())))

    assert (good.passed, bad.passed) == (True, False)
    assert bad.missing == {MISSED}
    assert bad.got == {SLACK}
    assert "✓ Service down: all 1 expected messages arrived and nothing else" in out.getvalue()
    assert "from the kill to the page: 4.9 s" in out.getvalue()
    assert "✗ Service down: 1 missing, 0 unexpected" in out.getvalue()
    assert "! #app-plane-alerts  ServiceDown  firing" in out.getvalue()


def test_when_a_destination_first_learned_something() -> None:
    refused = delivery(1, "#critical-alerts", problem="answered 500")

    assert first_told([refused, delivery(2, "#critical-alerts"), delivery(3, "#critical-alerts")], SLACK) == 1002.0
    assert first_told([refused], SLACK) is None
