"""The report of a run: each flow as a picture, each message as its receiver saw it, expected beside got. One file."""

import datetime
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from tests.harness.picture import draw
from tests.harness.standins.recorder import Delivery, Told
from tests.harness.timeline import FlowResult, first_told

TEMPLATE = Path(__file__).with_name("report.html.j2")


class Run(NamedTuple):
    """One run: its flows, the versions of what ran, and how long each step took (seconds)."""

    title: str
    flows: Sequence[FlowResult]
    versions: Mapping[str, str]
    durations: Mapping[str, float]

    @property
    def passed(self) -> bool:
        return bool(self.flows) and all(flow.passed for flow in self.flows)


def write_report(folder: Path, run: Run) -> Path:
    """Write `report.html` (self-contained) and `report.json` to `folder`; returns the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(as_json(run), indent=2, ensure_ascii=False) + "\n")
    page = folder / "report.html"
    page.write_text(as_html(run))
    return page


def as_json(run: Run) -> dict[str, Any]:
    """The run as plain data; times are ISO 8601 in UTC, and seconds since the flow began."""
    return {
        "title": run.title,
        "passed": run.passed,
        "versions": dict(run.versions),
        "durations": {step: round(seconds, 1) for step, seconds in run.durations.items()},
        "flows": [_flow_json(flow) for flow in run.flows],
    }


def as_html(run: Run) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(mrkdwn=mrkdwn, utc=utc, pretty=pretty, web=web)
    flows = [{"flow": flow, "picture": Markup(draw(flow)), "rows": rows(flow)} for flow in run.flows]
    return environment.get_template(TEMPLATE.name).render(
        run=run, flows=flows, now=_now(), kind=kind, shown=without_secrets
    )


class Row(NamedTuple):
    """One line of the table of expected and got."""

    fact: Told
    verdict: str  # "arrived" | "missing" | "unexpected"
    after: float | None  # seconds since the flow began


def rows(flow: FlowResult) -> list[Row]:
    """Expected and got side by side, what went wrong first."""
    verdicts = {
        **dict.fromkeys(sorted(flow.missing), "missing"),
        **dict.fromkeys(sorted(flow.unexpected), "unexpected"),
        **dict.fromkeys(sorted(flow.expected - flow.missing), "arrived"),
    }
    found = []
    for fact, verdict in verdicts.items():
        at = first_told(flow.deliveries, fact)
        found.append(Row(fact, verdict, None if at is None else at - flow.started))
    return found


def kind(delivery: Delivery) -> str:
    """How the template shows a message: pagerduty, slack, mail, or raw when it is none of them."""
    if delivery.problem or not isinstance(delivery.body, dict):
        return "raw"  # a body that was refused may have any shape
    if delivery.receiver == "pagerduty":
        return "pagerduty"
    if delivery.receiver.startswith("#"):
        return "slack"
    return "mail" if delivery.receiver.startswith("mail@") else "raw"


def without_secrets(body: dict[str, Any] | str) -> dict[str, Any] | str:
    """A body as it may be shown: the routing key opens a PagerDuty service."""
    if isinstance(body, dict) and "routing_key" in body:
        return {**body, "routing_key": "(not shown)"}
    return body


_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_STYLED = (
    (re.compile(r"```(.+?)```", re.DOTALL), r"<code>\1</code>"),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
    (re.compile(r"(?<![\w*])\*(?! )([^*\n]+)(?<! )\*(?![\w*])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])_(?! )([^_\n]+)(?<! )_(?![\w_])"), r"<i>\1</i>"),
)


def mrkdwn(text: object) -> Markup:
    """Slack's markup as HTML; everything that is no markup of Slack's is shown as text."""
    source, parts, end = str(text), [], 0
    for link in _LINK.finditer(source):
        parts += [_styled(source[end : link.start()]), _link(link.group(1), link.group(2))]
        end = link.end()
    return Markup("".join([*parts, _styled(source[end:])]).replace("\n", "<br>"))


def web(url: object) -> str:
    """A URL that may stand in a link, "#" for anything else."""
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) else "#"


def _link(target: str, label: str | None) -> str:
    shown = _escaped(label or target)
    if not target.startswith(("http://", "https://", "mailto:")):
        return f"<b>{shown}</b>"
    return f'<a href="{_escaped(target)}" rel="noreferrer">{shown}</a>'


def _styled(text: str) -> str:
    shown = _escaped(text)
    for pattern, replacement in _STYLED:
        shown = pattern.sub(replacement, shown)
    return shown


def _escaped(text: str) -> str:
    """Slack's own three escapes undone, then the page's put on."""
    return html.escape(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def utc(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pretty(body: dict[str, Any] | str) -> str:
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)


def _now() -> float:
    return datetime.datetime.now(datetime.UTC).timestamp()


def _flow_json(flow: FlowResult) -> dict[str, Any]:
    return {
        "title": flow.title,
        "passed": flow.passed,
        "started": utc(flow.started),
        "duration": round(flow.duration, 1),
        "facts": dict(flow.facts),
        "problems": list(flow.problems),
        "events": [
            {"at": utc(event.at), "after": _after(flow, event.at), "lane": event.lane, "text": event.text}
            for event in flow.events
        ],
        "deliveries": [
            {
                "at": utc(one.at),
                "after": _after(flow, one.at),
                "receiver": one.receiver,
                "state": one.state,
                "names": list(one.names),
                "problem": one.problem,
                "body": without_secrets(one.body),
            }
            for one in flow.deliveries
        ],
        "expected": _facts(flow.expected),
        "missing": _facts(flow.missing),
        "unexpected": _facts(flow.unexpected),
    }


def _facts(facts: Iterable[Told]) -> list[dict[str, str]]:
    return [fact._asdict() for fact in sorted(facts)]


def _after(flow: FlowResult, at: float) -> float:
    return round(at - flow.started, 3)
