"""The comparison as a picture: macro F1 of each method on each set, and how much of what is filed is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.svg import COLOURS, FAINT, INK, picture, stroke, write

BARS = {
    "keywords": ("keywords", "#8a7a2f"),
    "shown 0": ("descriptions only", "#2f5d8a"),
    "tfidf 5": ("TF-IDF, 5 corrections", "#c58a72"),
    "shown 5": ("5 corrections", "#2f7d5b"),
    "tfidf 20": ("TF-IDF, 20 corrections", "#b5502f"),
    "shown 20": ("20 corrections", "#7a5195"),
}
LEFT, TOP, HEIGHT, GROUP, BAR = 60.0, 90.0, 200.0, 195.0, 26.0
CURVE_LEFT, CURVE_TOP, SIDE = 60.0, 350.0, 240.0


def plot(found: dict[str, Any]) -> str:
    """An SVG; the same figures make the same bytes."""
    parts = (*_legend(), *_axis(), *(part for at, of in enumerate(found["sets"]) for part in _group(of, at)))
    curve = _curve([(said, true) for said, true, _ in found["open_world"]["reliability"]])
    return picture(640, "Filing under a user's own topics: macro F1 on documents held out", (*parts, *curve))


def _legend() -> Iterator[str]:
    for at, (title, colour) in enumerate(BARS.values()):
        x, y = LEFT + at % 3 * 250, 48 + at // 3 * 18
        yield f"<rect x='{x:.1f}' y='{y - 10:.1f}' width='12' height='12' fill='{colour}'/>"
        yield write(x + 18, y, title, size=11)


def _axis() -> Iterator[str]:
    for at in (0, 0.25, 0.5, 0.75, 1):
        y = TOP + HEIGHT * (1 - at)
        yield stroke(LEFT, y, LEFT + 4 * GROUP, y, FAINT if at else INK)
        yield write(LEFT - 6, y + 4, f"{at:g}", size=11, anchor="end")


def _group(of: dict[str, Any], number: int) -> Iterator[str]:
    left = LEFT + number * GROUP + 14
    for at, (name, (_, colour)) in enumerate(BARS.items()):
        value, x = of["methods"][name]["macro_f1"]["mean"], left + at * (BAR + 1)
        y = TOP + HEIGHT * (1 - value)
        yield f"<rect x='{x:.1f}' y='{y:.1f}' width='{BAR:.0f}' height='{TOP + HEIGHT - y:.1f}' fill='{colour}'/>"
        yield write(x + BAR / 2, y - 3, f"{value:.2f}", size=9, anchor="middle")
    yield write(left + 3 * BAR, TOP + HEIGHT + 18, f"{of['name']}, {len(of['topics'])} topics", anchor="middle")


def _curve(points: Sequence[tuple[float, float]]) -> Iterator[str]:
    """The score that was said against how often it was right."""
    right, bottom = CURVE_LEFT + SIDE, CURVE_TOP + SIDE
    yield write(CURVE_LEFT, CURVE_TOP - 12, "How often a score is right, where some documents fit no topic", size=13)
    yield stroke(CURVE_LEFT, bottom, right, bottom, INK)
    yield stroke(CURVE_LEFT, bottom, CURVE_LEFT, CURVE_TOP, INK)
    yield stroke(CURVE_LEFT, bottom, right, CURVE_TOP, FAINT)
    for at in (0, 0.5, 1):
        yield write(CURVE_LEFT + at * SIDE, bottom + 16, f"{at:g}", size=11, anchor="middle")
        yield write(CURVE_LEFT - 6, bottom - at * SIDE + 4, f"{at:g}", size=11, anchor="end")
    placed = [(CURVE_LEFT + said * SIDE, bottom - true * SIDE) for said, true in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    yield f"<polyline points='{line}' fill='none' stroke='{COLOURS[0]}' stroke-width='2'/>"
    yield from (f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{COLOURS[0]}'/>" for x, y in placed)
    yield write(right + 20, bottom, "across: the score; up: the share that is right; grey: as said, so true", size=11)
