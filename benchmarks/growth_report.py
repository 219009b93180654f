"""The curve as JSON, as a plot, and as the table of docs/scaling.md."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.growth_point import Point
from benchmarks.marked import put_between
from benchmarks.svg import Panel, panels

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "scaling.md"
MARK, YEARS = "growth", "years"
DAYS, A_DAY = 365, 1_000_000
COLUMNS = (
    ("warm us", "decision, warm µs", "{:.0f}"),
    ("cold us", "decision, cold µs", "{:.0f}"),
    ("replay us", "replayed, µs", "{:.0f}"),
    ("PostgreSQL CPU us", "PostgreSQL's CPU, µs", "{:.0f}"),
    ("WAL bytes", "WAL, bytes a decision", "{:,.0f}"),
    ("table bytes a row", "table, bytes a row", "{:.0f}"),
    ("index bytes a row", "index, bytes a row", "{:.0f}"),
    ("vacuum s", "vacuum, s", "{:.2f}"),
    ("audit s", "audit of all, s", "{:.2f}"),
)


def write(points: Sequence[Point], folder: Path | None) -> None:
    """All three, into the repository's own places, or into a folder (the table is left alone then)."""
    build, docs = (folder, folder) if folder else (ROOT / "build", ROOT / "docs")
    build.mkdir(parents=True, exist_ok=True)
    (build / "growth.json").write_text(json.dumps([asdict(point) for point in points], indent=2) + "\n")
    (docs / "growth.svg").write_text(plot(points))
    if folder is None:
        page = put_between(PAGE.read_text(), MARK, table(points))
        PAGE.write_text(put_between(page, YEARS, years(points[-1])))


def plot(points: Sequence[Point]) -> str:
    """Four panels over the number of reservations."""
    return panels(
        "The ledger from 10^3 to 10^7 reservations",
        [
            _panel(points, "µs a decision", {"warm": "warm us", "cold": "cold us", "replayed": "replay us"}),
            _panel(points, "PostgreSQL's CPU, µs a decision", {"CPU": "PostgreSQL CPU us"}),
            _panel(points, "bytes a reservation", {"table": "table bytes a row", "index": "index bytes a row"}),
            _panel(points, "WAL bytes a decision", {"WAL": "WAL bytes"}),
        ],
    )


def _panel(points: Sequence[Point], title: str, curves: dict[str, str]) -> Panel:
    return Panel(title, {name: [(each.rows, each.found[of]) for each in points] for name, of in curves.items()})


def table(points: Sequence[Point]) -> str:
    """One row a quantity, one column a size, in Markdown."""
    head = "| " + " | ".join(("reservations", *(f"10^{math.log10(each.rows):.0f}" for each in points))) + " |"
    rule = "| --- |" + " ---: |" * len(points)
    rows = [_row(points, *column) for column in COLUMNS]
    return "\n".join((head, rule, *rows))


def years(point: Point) -> str:
    """What a million uploads a day come to, at the bytes a row of the largest ledger that was measured."""
    rows = DAYS * A_DAY
    table_gb, index_gb = (point.found[f"{part} bytes a row"] * rows / 1e9 for part in ("table", "index"))
    return (
        f"A million uploads a day are {rows / 1e6:,.0f} million rows a year: {table_gb:,.0f} GB of table and "
        f"{index_gb:,.0f} GB of index."
    )


def _row(points: Sequence[Point], name: str, title: str, form: str) -> str:
    found = [each.found[name] for each in points]
    return "| " + " | ".join((title, *(form.format(value) for value in found))) + " |"
