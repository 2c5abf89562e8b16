"""What the fault table says of a run: nothing that went wrong may pass, and the page is the table that was run."""

import pytest

from tests.harness.errors import HarnessError
from tests.harness.faults.bench import FUNCTIONS, ONCALL, RECEIVER
from tests.harness.faults.rows import Row, rows
from tests.harness.faults.run import Result, problems
from tests.harness.faults.table import BEGIN, END, PAGE, markdown, write_page
from tests.harness.standins.recorder import Delivery

PAGERDUTY_FUNCTION, SLACK_FUNCTION = FUNCTIONS
PAGERDUTY, SLACK = RECEIVER[PAGERDUTY_FUNCTION], RECEIVER[SLACK_FUNCTION]
FAILING = Row("PagerDuty answers 500 always", queues=(PAGERDUTY_FUNCTION,))
RINGS = ["pagerduty-forwarder-errors", "pagerduty-forwarder-undelivered"]


def heard(**times: int) -> dict[str, list[Delivery]]:
    names = {PAGERDUTY: times.get("pagerduty", 0), SLACK: times.get("slack", 0), ONCALL: times.get("mail", 0)}
    return {receiver: [Delivery(0.0, receiver, "firing", (), {})] * number for receiver, number in names.items()}


GOOD = Result(
    row=FAILING,
    before=heard(slack=1, mail=1),
    refused={PAGERDUTY: 8, SLACK: 0},
    queued={PAGERDUTY_FUNCTION: 1, SLACK_FUNCTION: 0},
    rang=RINGS,
    redrive="1 delivered",
    after=heard(pagerduty=1, slack=1, mail=1),
    left={PAGERDUTY_FUNCTION: 0, SLACK_FUNCTION: 0},
    seconds=12.3,
)


def test_a_row_that_went_as_it_should_has_no_problem() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (GOOD._replace(after=heard(slack=1, mail=1)), "pagerduty never heard of it"),
        (GOOD._replace(before=heard(mail=1)), "#critical-alerts needed the redrive"),
        (GOOD._replace(before=heard(pagerduty=1, slack=1, mail=1)), "pagerduty heard it during the fault"),
        (GOOD._replace(queued={PAGERDUTY_FUNCTION: 0, SLACK_FUNCTION: 0}), "0 messages in the queue of pagerduty"),
        (GOOD._replace(queued={PAGERDUTY_FUNCTION: 1, SLACK_FUNCTION: 1}), "1 messages in the queue of slack"),
        (GOOD._replace(left={PAGERDUTY_FUNCTION: 1, SLACK_FUNCTION: 0}), "1 messages left in the queue"),
        (GOOD._replace(row=FAILING._replace(refuse=(SLACK,))), "#critical-alerts refused nothing"),
        (GOOD._replace(rang=RINGS[:1]), "pagerduty-forwarder-undelivered did not ring"),
        (GOOD._replace(after=heard(pagerduty=2, slack=1, mail=1)), "pagerduty heard it 2 times"),
    ],
)
def test_what_went_wrong_is_said(result: Result, said: str) -> None:
    assert said in "; ".join(problems(result))


def test_who_also_hears_the_end_hears_twice_and_whoever_is_paged_for_it_is_a_problem() -> None:
    over = GOOD._replace(row=FAILING._replace(hears=(SLACK,), twice=(SLACK, ONCALL)), after=heard(slack=2, mail=2))

    assert problems(over) == []
    assert "| – | 12 |" in markdown([over])
    assert f"{SLACK} heard it 1 times" in problems(over._replace(after=heard(slack=1, mail=2)))
    paged = over._replace(after=heard(pagerduty=1, slack=2, mail=2))
    assert "PagerDuty was told of an alarm that is over" in problems(paged)


def test_what_is_lost_is_counted_and_stands_in_its_row() -> None:
    table = markdown([GOOD, GOOD._replace(after=heard(slack=1, mail=1))])

    assert "2 faults, 2 of them left alerts in a queue; lost: 1." in table
    assert "LOST: PagerDuty" in table


def test_the_table_goes_between_the_markers_and_nothing_else_changes(tmp_path_factory: pytest.TempPathFactory) -> None:
    page = tmp_path_factory.mktemp("page") / "page.md"
    page.write_text(f"# Title\n\n{BEGIN}\nwhat was before\n{END}\n\nThe end.\n")

    write_page([GOOD], page)

    text = page.read_text()
    assert text.startswith(f"# Title\n\n{BEGIN}\n") and text.endswith(f"{END}\n\nThe end.\n")
    assert (
        "| PagerDuty answers 500 always | Slack, mail | pagerduty | pagerduty errors, pagerduty undelivered |" in text
    )
    assert "what was before" not in text
    page.write_text("no markers")
    with pytest.raises(HarnessError):
        write_page([GOOD], page)


def test_the_page_holds_the_rows_that_are_run_and_lost_nothing() -> None:
    table = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    shown = [line.split("|")[1].strip().rstrip(" ¹²³⁴⁵") for line in table.splitlines() if line.startswith("| ")][1:]

    assert shown == [row.fault for row in rows()]
    assert f"**{len(rows())} faults," in table and "lost: 0.**" in table and "LOST" not in table
