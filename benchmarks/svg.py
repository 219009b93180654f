"""Plots as SVG text: pure functions of what they show, so that the same numbers make the same file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
GOOD, BAD, INK, FAINT = "#2f7d5b", "#b5502f", "#222222", "#cccccc"
COLOURS = ("#2f5d8a", "#b5502f", "#2f7d5b", "#7a5195", "#8a7a2f")
WIDTH = 860


@dataclass(frozen=True, slots=True)
class Bar:
    """How far a line is on the good side of its goal: 1 is on the goal, 2 twice as good. The ends are the spread's."""

    title: str
    note: str
    middle: float
    least: float
    most: float


def picture(height: int, title: str, parts: Iterable[str]) -> str:
    """A whole SVG file on a white ground."""
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}' "
        f"role='img' aria-label='{escape(title, {chr(39): '&apos;'})}'>"
    )
    ground = f"<rect width='{WIDTH}' height='{height}' fill='white'/>"
    return "\n".join((head, ground, write(20, 28, title, size=15), *parts, "</svg>", ""))


def write(x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", fill: str = INK) -> str:  # noqa: PLR0913 - a text
    """A text at its baseline."""
    how = f"{FONT} font-size='{size}' fill='{fill}' text-anchor='{anchor}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {how}>{escape(text)}</text>"


def stroke(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:  # noqa: PLR0913, PLR0917 - a line
    """A straight line."""
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' stroke-width='{width:g}'/>"


_LEFT, _RIGHT, _ROW = 20.0, WIDTH - 30.0, 46.0
_MOST_DECADES = 1.0


def _bar_x(found: float) -> float:
    """A logarithmic axis from a tenth of the goal to ten times it; what is beyond stays at its end."""
    decades = max(-_MOST_DECADES, min(_MOST_DECADES, math.log10(max(found, 1e-9))))
    return _LEFT + (decades + _MOST_DECADES) / (2 * _MOST_DECADES) * (_RIGHT - _LEFT)


def bars(title: str, rows: Sequence[Bar]) -> str:
    """One bar a line, from the goal (the line in the middle) to the median; a whisker from least to greatest."""
    bottom = 62 + _ROW * len(rows)
    ticks = [(0.1, "0.1"), (0.2, "0.2"), (0.5, "0.5"), (1, "goal"), (2, "2 x"), (5, "5 x"), (10, "10 x")]
    axis = [stroke(_bar_x(at), 44, _bar_x(at), bottom, INK if at == 1 else FAINT) for at, _ in ticks]
    labels = [write(_bar_x(at), bottom + 16, label, size=11, anchor="middle") for at, label in ticks]
    drawn = [part for number, row in enumerate(rows) for part in _bar(row, 58 + _ROW * number)]
    return picture(int(bottom + 30), title, (*axis, *labels, *drawn))


def _bar(row: Bar, top: float) -> tuple[str, ...]:
    colour, goal, middle = GOOD if row.middle >= 1 else BAD, _bar_x(1), _bar_x(row.middle)
    left, width = min(goal, middle), max(1.0, abs(goal - middle))
    return (
        write(_LEFT, top + 8, row.title),
        write(_RIGHT, top + 8, row.note, anchor="end", fill=colour),
        f"<rect x='{left:.1f}' y='{top + 14:.1f}' width='{width:.1f}' height='14' fill='{colour}' opacity='0.75'/>",
        stroke(_bar_x(row.least), top + 21, _bar_x(row.most), top + 21, INK, 1.5),
    )


@dataclass(frozen=True, slots=True)
class Panel:
    """A small chart: curves by name over a logarithmic x axis, with a linear y axis from 0."""

    title: str
    curves: Mapping[str, Sequence[tuple[float, float]]]


def panels(title: str, found: Sequence[Panel]) -> str:
    """The panels, two in a row."""
    rows = (len(found) + 1) // 2
    parts = [part for number, each in enumerate(found) for part in _panel(each, 60 + number % 2 * 420, number // 2)]
    return picture(50 + rows * 250, title, parts)


def _panel(panel: Panel, left: float, row: int) -> Iterable[str]:
    top, width, height = 70.0 + row * 250, 340.0, 150.0
    points = [point for curve in panel.curves.values() for point in curve]
    xs, most = [math.log10(x) for x, _ in points], max(y for _, y in points) * 1.15 or 1
    low, span = min(xs), (max(xs) - min(xs)) or 1

    def place(x: float, y: float) -> tuple[float, float]:
        return left + (math.log10(x) - low) / span * width, top + height - y / most * height

    yield write(left - 30, top - 14, panel.title, size=13)
    yield stroke(left, top + height, left + width, top + height, INK)
    for at in sorted({x for x, _ in points}):
        yield write(place(at, 0)[0], top + height + 16, f"10^{math.log10(at):.0f}", size=11, anchor="middle")
    for part in (0.5, 1):
        y = top + height - part / 1.15 * height
        yield stroke(left, y, left + width, y, FAINT)
        yield write(left - 4, y + 4, _short(most * part / 1.15), size=11, anchor="end")
    for number, (name, curve) in enumerate(panel.curves.items()):
        colour, drawn = COLOURS[number % len(COLOURS)], [place(*point) for point in curve]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        yield f"<polyline points='{line}' fill='none' stroke='{colour}' stroke-width='2'/>"
        yield from (f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>" for x, y in drawn)
        yield write(left + number * 120, top + height + 34, f"— {name}", size=11, fill=colour)


def _short(number: float) -> str:
    """Whole above a hundred, else three digits that count."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004 - as the docstring says
