"""Pictures of the dashboards, for the documentation: their own queries, drawn by us, since Grafana is not at hand."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from deploy.observe.asking import Prometheus
from deploy.observe.boards import BOARDS
from deploy.observe.panels import Board, Panel, Unit

POINTS = 120
WIDTH, ROW, LEFT, TOP = 1100, 210, 60, 70
CHART_WIDTH, CHART_HEIGHT = 420, 110
MOST_CURVES = 8
COLOURS = ("#2f5d8a", "#b5502f", "#2f7d5b", "#7a5195", "#8a7a2f", "#3f8f9f", "#9f3f6f", "#555555")
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
INK, FAINT, LIMIT = "#222222", "#dddddd", "#c02020"


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a panel: its name and its points, each a share of the time that is shown, and a value."""

    name: str
    points: Sequence[tuple[float, float]]


async def draw_all(prometheus: Prometheus, seconds: float, folder: Path) -> list[Path]:
    """Each dashboard as `observe-<name>.svg` of the last so many seconds. Raises StackError."""
    end, written = time.time(), []
    for board in BOARDS:
        curves = [await _curves(prometheus, panel, end - seconds, end) for panel in board.panels]
        written.append(folder / f"observe-{board.name}.svg")
        written[-1].write_text(picture(board, curves, seconds), "utf-8")
    return written


async def _curves(prometheus: Prometheus, panel: Panel, start: float, end: float) -> list[Curve]:
    curves = []
    for query in panel.queries:
        for series in await prometheus.over_time(query.expression, start, end, (end - start) / POINTS):
            points = [((at - start) / (end - start), value) for at, value in series.points if math.isfinite(value)]
            if points:
                curves.append(Curve(legend(query.legend, series.labels), points))
    return curves


def legend(pattern: str, labels: Mapping[str, str]) -> str:
    """What Grafana makes of a legend's pattern."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), pattern).strip() or "value"


def picture(board: Board, curves: Sequence[Sequence[Curve]], seconds: float) -> str:
    """A whole SVG file, two panels in a row."""
    height = TOP + ROW * ((len(board.panels) + 1) // 2) + 10
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}' "
        f"role='img' aria-label='{escape(board.title, {chr(39): '&apos;'})}'>"
    )
    note = f"the last {seconds / 60:g} min of a stack under load; the dashboard's own queries, not Grafana's drawing"
    parts = [head, f"<rect width='{WIDTH}' height='{height}' fill='white'/>", _text(20, 26, board.title, 16)]
    parts.append(_text(20, 44, note, 11))
    for number, (panel, found) in enumerate(zip(board.panels, curves, strict=True)):
        parts += _panel(panel, found, LEFT + number % 2 * (WIDTH // 2), TOP + number // 2 * ROW)
    return "\n".join((*parts, "</svg>", ""))


def _panel(panel: Panel, curves: Sequence[Curve], left: float, top: float) -> Iterator[str]:
    bottom = top + 20 + CHART_HEIGHT
    most = max((value for curve in curves for _, value in curve.points), default=0.0)
    shown = max(most, panel.limit if panel.limit is not None and most > panel.limit / 3 else 0.0) * 1.1 or 1.1
    yield _text(left - 40, top + 10, panel.title, 12)
    for share in (0, 0.5, 1):
        y = bottom - share / 1.1 * CHART_HEIGHT
        yield _line(left, y, left + CHART_WIDTH, y, FAINT if share else INK)
        yield _text(left - 6, y + 4, number_of(shown * share / 1.1, panel.unit), 10, anchor="end")
    if panel.limit is not None and panel.limit <= shown:
        y = bottom - panel.limit / shown * CHART_HEIGHT
        yield _line(left, y, left + CHART_WIDTH, y, LIMIT)
    for place, curve in enumerate(curves[:MOST_CURVES]):
        colour = COLOURS[place % len(COLOURS)]
        drawn = " ".join(
            f"{left + x * CHART_WIDTH:.1f},{bottom - y / shown * CHART_HEIGHT:.1f}" for x, y in curve.points
        )
        yield f"<polyline points='{drawn}' fill='none' stroke='{colour}' stroke-width='1.5'/>"
        yield _text(left + place % 3 * 150, bottom + 16 + place // 3 * 14, f"— {curve.name}"[:25], 10, colour)
    if not curves:
        yield _text(left + 10, bottom - CHART_HEIGHT / 2, "none in this time", 11)


def number_of(value: float, unit: Unit) -> str:
    """A value as an axis tells it."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "bytes":
        return f"{value / 2**20:.3g} MiB"
    if unit == "s":
        return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - digits that count


def _text(x: float, y: float, text: str, size: int, fill: str = INK, anchor: str = "start") -> str:  # noqa: PLR0913, PLR0917 - a text
    how = f"{FONT} font-size='{size}' fill='{fill}' text-anchor='{anchor}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {how}>{escape(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}'/>"
