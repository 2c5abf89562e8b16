"""The fault table as it is printed, and as it stands in docs/reliability.md."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.harness import paths
from tests.harness.faults.bench import FUNCTIONS, ONCALL, TOPIC
from tests.harness.faults.rows import PAGERDUTY, SLACK
from tests.harness.faults.run import Result
from tests.harness.generated import replace_section

PAGE = paths.ROOT / "docs/reliability.md"
BEGIN, END = "<!-- fault table: written by `make faults` -->", "<!-- end of the fault table -->"
COLUMNS = ("fault", "heard without help", "lies in a queue", "alarm", "after `alertctl redrive`", "s")


def cells(result: Result) -> tuple[str, ...]:
    """A row of the table, as text."""
    names = {PAGERDUTY: "PagerDuty", SLACK: "Slack", ONCALL: "mail"}
    heard = [
        name + _refusals(result.refused.get(receiver, 0))
        for receiver, name in names.items()
        if result.before.get(receiver)
    ]
    lies = [function.removesuffix("-forwarder") for function in FUNCTIONS if result.queued[function]]
    # Whoever hears twice has heard the alarm's end, which no redrive brings.
    after = [
        names[receiver]
        for receiver, told in result.after.items()
        if len(told) > len(result.before[receiver]) and receiver not in result.row.twice
    ]
    lost = f"LOST: {', '.join(names[one] for one in result.lost)}" if result.lost else ""
    return (
        result.row.fault + FOOTNOTES.get(result.row.note, ("", ""))[0],
        ", ".join(heard) or "nobody",
        ", ".join(lies) or "–",
        ", ".join(_short_alarms(result.rang)) or "–",
        ", ".join(filter(None, [", ".join(after), lost])) or "–",
        f"{result.seconds:.0f}",
    )


def _refusals(number: int) -> str:
    return f" (after {number} refusal{'s' if number > 1 else ''})" if number else ""


FOOTNOTES = {
    "mail": (
        " ¹",
        "¹ No e-mail filter can read it; both functions tell it as text. The emulator does not publish SNS' metrics:"
        " the harness put in the datapoint that SNS would (`NumberOfNotificationsFilteredOut-InvalidMessageBody`), and"
        " the topic's alarm rang on it.",
    ),
    "twice": (" ²", "² Handed to the functions twice under one message id, past SNS and so past e-mail: told once."),
    "order": (
        " ³",
        "³ PagerDuty opens no incident for what is over. Slack hears both, the second marked as late; the mailbox hears"
        " both, unmarked.",
    ),
    "over": (
        " ⁴",
        "⁴ PagerDuty was down when the alarm began, and the alarm ended before the redrive, which a new instance"
        " serves: CloudWatch says that it is over, so nobody is paged. Slack and the mailbox hear its beginning and its"
        " end.",
    ),
    "sns": (
        " ⁵",
        "⁵ SNS itself put it aside. The topic's alarm rang on a datapoint (`NumberOfNotificationsFailed`) that the"
        " harness put in, as under ¹. Mended by `terraform apply`.",
    ),
}


def _short_alarms(rang: Iterable[str]) -> list[str]:
    """`errors` of two functions is one word; a single one is named with its function."""
    by_alarm: dict[str, list[str]] = {}
    for name in rang:
        who, _, alarm = name.rpartition("-")
        function = "topic" if who == TOPIC else who.removesuffix("-forwarder")
        by_alarm.setdefault(alarm, []).append(function)
    return [f"{'+'.join(sorted(functions))} {alarm}" for alarm, functions in sorted(by_alarm.items())]


def _notes(results: Iterable[Result]) -> list[str]:
    return [FOOTNOTES[result.row.note][1] for result in results if result.row.note]


def lost_line(results: list[Result]) -> str:
    late = sum(1 for result in results if any(result.queued.values()))
    lost = sum(len(result.lost) for result in results)
    return f"{len(results)} faults, {late} of them left alerts in a queue; lost: {lost}."


def markdown(results: list[Result]) -> str:
    """The generated part of the page."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(cells(result))} |" for result in results]
    return "\n\n".join(["\n".join(lines), f"**{lost_line(results)}**", "  \n".join(_notes(results))]).rstrip()


def write_page(results: list[Result], page: Path = PAGE) -> None:
    """Put the table between the page's markers. HarnessError where they are not there."""
    replace_section(page, BEGIN, END, markdown(results))


def show(results: list[Result], console: Console) -> None:
    table = Table(title="What becomes of an alarm", title_justify="left")
    for column in COLUMNS:
        table.add_column(column.replace("`", ""), overflow="fold")
    for result in results:
        table.add_row(*cells(result))
    console.print(table)
    for text in _notes(results):
        console.print(text.replace("`", ""), highlight=False)
