"""A flow as an inline SVG: time runs to the right, one lane for each destination, one row in it for each alert."""

import html
from collections.abc import Iterable
from typing import NamedTuple

from tests.harness.standins.recorder import Delivery
from tests.harness.timeline import Event, FlowResult

WIDTH = 1180
GUTTER = 230  # the lanes' names
RIGHT = 30
ROW = 24
LANE_GAP = 10
AXIS = 30
CHARACTER = 6.6  # width of one, about
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)  # seconds between marks


class Mark(NamedTuple):
    """One message in a row: seconds since the flow began, what it said, whether it was refused."""

    after: float
    state: str
    problem: str


class Scale(NamedTuple):
    """Seconds to pixels."""

    span: float

    def x(self, seconds: float) -> float:
        return GUTTER + max(0.0, min(seconds / self.span, 1.0)) * (WIDTH - GUTTER - RIGHT)

    def step(self) -> int:
        return next((step for step in STEPS if self.span / step <= 12), STEPS[-1])


def draw(flow: FlowResult) -> str:
    """The picture as one <svg> element; every text in it is escaped."""
    scale = Scale(max(flow.duration, *(one.at - flow.started for one in flow.deliveries), 1.0))
    bands, parts, y = list[str](), list[str](), float(AXIS)
    for lane, events in _by_lane(flow.events).items():
        bands += _band(lane, len(events), y)
        parts += _event_rows(events, flow, scale, y)
        y += len(events) * ROW + LANE_GAP
    for receiver, rows in _by_receiver(flow).items():
        bands += _band(receiver.removeprefix("mail@"), len(rows), y)
        parts += [part for index, row in enumerate(rows.items()) for part in _row(*row, scale, y + (index + 0.5) * ROW)]
        y += len(rows) * ROW + LANE_GAP
    lines = [_moment(event.at - flow.started, y, scale) for event in flow.events]
    head = f'<svg viewBox="0 0 {WIDTH} {y:.0f}" role="img" aria-label="{_text(flow.title)}: who was told what, when">'
    return "\n".join([head, *bands, *_axis(scale, y), *lines, *parts, "</svg>"])


def _by_lane(events: Iterable[Event]) -> dict[str, list[Event]]:
    lanes: dict[str, list[Event]] = {}
    for event in events:
        lanes.setdefault(event.lane, []).append(event)
    return lanes


def _by_receiver(flow: FlowResult) -> dict[str, dict[str, list[Mark]]]:
    """Receiver -> alert -> its messages: PagerDuty, channels, mail. Who should have heard has a lane too."""
    lanes: dict[str, dict[str, list[Mark]]] = {}
    for one in flow.deliveries:
        for name in one.names or ("?",):
            row = lanes.setdefault(one.receiver, {}).setdefault(name, [])
            row.append(Mark(one.at - flow.started, one.state, one.problem))
    for fact in sorted(flow.missing):
        lanes.setdefault(fact.receiver, {}).setdefault(fact.name, []).append(Mark(flow.duration, fact.state, "missing"))
    return dict(sorted(lanes.items(), key=lambda lane: _rank(lane[0])))


def _rank(receiver: str) -> tuple[int, str]:
    first = ("pagerduty", "#", "mail@")
    return next((index for index, prefix in enumerate(first) if receiver.startswith(prefix)), 3), receiver


def _event_rows(events: list[Event], flow: FlowResult, scale: Scale, y: float) -> list[str]:
    parts = []
    for index, event in enumerate(events):
        x, middle = scale.x(event.at - flow.started), y + (index + 0.5) * ROW
        parts.append(f'<path class="event" d="M{x:.1f} {middle - 5:.1f} l5 5 l-5 5 l-5 -5 z"/>')
        parts.append(_label(event.text, x, x, middle))
    return parts


def _row(name: str, marks: list[Mark], scale: Scale, middle: float) -> list[str]:
    spans = _open_spans(marks, scale.span)
    ends = [scale.x(mark.after) for mark in marks] + [scale.x(end) for _, end in spans]
    parts = [_bar(begin, end, scale, middle) for begin, end in spans]
    parts += [_dot(name, mark, scale, middle) for mark in marks]
    return [*parts, _label(name, min(ends), max(ends), middle)]


def _open_spans(marks: list[Mark], span: float) -> list[tuple[float, float]]:
    """From each message that fires to the one that ends it, or to the right edge."""
    spans: list[tuple[float, float]] = []
    begin: float | None = None
    for mark in marks:
        if mark.problem:
            continue
        if mark.state == "firing":
            begin = mark.after if begin is None else begin
        elif begin is not None:
            spans, begin = [*spans, (begin, mark.after)], None
    return spans if begin is None else [*spans, (begin, span)]


def _bar(begin: float, end: float, scale: Scale, middle: float) -> str:
    x, width = scale.x(begin), scale.x(end) - scale.x(begin)
    return f'<rect class="open" x="{x:.1f}" y="{middle - 4:.1f}" width="{width:.1f}" height="8"/>'


def _dot(name: str, mark: Mark, scale: Scale, middle: float) -> str:
    title = f"{name} {mark.state}, {mark.after:.1f} s{f': {mark.problem}' if mark.problem else ''}"
    style = "refused" if mark.problem else mark.state
    return (
        f'<circle class="{style}" cx="{scale.x(mark.after):.1f}" cy="{middle:.1f}" r="6">'
        f"<title>{_text(title)}</title></circle>"
    )


def _label(text: str, left: float, right: float, middle: float) -> str:
    """Behind what it names, or before it where there is no room, or else on it (cut at the edge)."""
    width = len(text) * CHARACTER
    x, anchor = right + 10, "start"
    if x + width > WIDTH:
        x, anchor = left - 10, "end"
        if x - width < GUTTER:
            x, anchor = left + 10, "start"
            most = max(8, int((WIDTH - x) / CHARACTER))
            text = text if len(text) <= most else f"{text[: most - 1]}…"
    return f'<text x="{x:.1f}" y="{middle + 4:.1f}" text-anchor="{anchor}">{_text(text)}</text>'


def _band(name: str, rows: int, y: float) -> list[str]:
    height = rows * ROW
    return [
        f'<rect class="lane" x="0" y="{y - LANE_GAP / 2:.1f}" width="{WIDTH}" height="{height + LANE_GAP:.1f}"/>',
        f'<text class="name" x="12" y="{y + height / 2 + 4:.1f}">{_text(name)}</text>',
    ]


def _axis(scale: Scale, bottom: float) -> list[str]:
    parts = []
    for seconds in range(0, int(scale.span) + 1, scale.step()):
        x = scale.x(seconds)
        parts.append(f'<line class="tick" x1="{x:.1f}" y1="{AXIS - 8}" x2="{x:.1f}" y2="{bottom:.0f}"/>')
        parts.append(f'<text class="time" x="{x:.1f}" y="14" text-anchor="middle">{_time(seconds)}</text>')
    return parts


def _moment(seconds: float, bottom: float, scale: Scale) -> str:
    x = scale.x(seconds)
    return f'<line class="moment" x1="{x:.1f}" y1="{AXIS - 8}" x2="{x:.1f}" y2="{bottom:.0f}"/>'


def _time(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02d}".removesuffix(" 00")


def _text(text: str) -> str:
    return html.escape(text)


def receivers(deliveries: Iterable[Delivery]) -> list[str]:
    """Who was told anything, in the order of the picture."""
    return sorted({one.receiver for one in deliveries}, key=_rank)
