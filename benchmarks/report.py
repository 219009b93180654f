"""The results for people, as one table, and for programs, as build/bench.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from benchmarks.measure import Result, Spread


def table(results: Sequence[Result]) -> Table:
    """Medians, and the least and the greatest reading in brackets."""
    made = Table(title="a second: median (least to greatest)", title_justify="left")
    for title in ("line", "value", "floor", "ratio", "goal", "met"):
        made.add_column(title, justify="left" if title == "line" else "right")
    for result in results:
        made.add_row(*_cells(result))
    return made


def _cells(result: Result) -> tuple[str, ...]:
    return (
        f"{result.line.name}\n  floor: {result.line.floor_name}",
        _speeds(result.value),
        _speeds(result.floor),
        f"{result.ratio.middle:.2f} x\n({result.ratio.least:.2f} to {result.ratio.most:.2f})",
        f"≥ {result.line.goal:.1f} x",
        "yes" if result.met else "no",
    )


def _speeds(found: Spread) -> str:
    return f"{found.middle:,.0f}\n({found.least:,.0f} to {found.most:,.0f})"


def where(result: Result) -> str:
    """Where the time went in the round nearest to the median, on one line; empty where nobody knows."""
    nearest = min(result.rounds, key=lambda each: abs(each.ratio - result.ratio.middle))
    texts = [
        f"{who}: {', '.join(f'{name} {number:,.4g}' for name, number in reading.where.items())}"
        for who, reading in (("value", nearest.subject), ("floor", nearest.floor))
        if reading.where
    ]
    return f"{result.line.name}: {'; '.join(texts)}" if texts else ""


def record(result: Result) -> dict[str, object]:
    """A line of the JSON file; speeds are a second, ratio and goal plain numbers."""
    return {
        "line": result.line.name,
        "value": round(result.value.middle, 1),
        "floor": round(result.floor.middle, 1),
        "ratio": round(result.ratio.middle, 3),
        "goal": result.line.goal,
        "met": result.met,
    }


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Replaces the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([record(result) for result in results], indent=2) + "\n")
