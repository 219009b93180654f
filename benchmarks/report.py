"""The results for people, as one table, and for programs, as build/bench.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.measure import Result, Round, Spread
from benchmarks.model import Limit


def table(results: Sequence[Result]) -> Table:
    """Medians, and the least and the greatest reading in brackets."""
    made = Table(title="median (least to greatest)", title_justify="left")
    for title in ("line", "value", "floor", "ratio", "goal", "met"):
        made.add_column(title, justify="left" if title == "line" else "right")
    for result in results:
        made.add_row(*_cells(result))
    return made


def _cells(result: Result) -> tuple[str, ...]:
    line = result.line
    goals = [line.goal.text("x" if line.goal.of == "ratio" else line.unit), *(_beside(each) for each in line.limits)]
    return (
        "\n  ".join((line.name, f"floor: {line.floor_name}", *(_found(result, each) for each in line.limits))),
        _readings(result.value, line.unit),
        _readings(result.floor, line.unit),
        f"{result.ratio.middle:.2f} x\n({result.ratio.least:.2f} to {result.ratio.most:.2f})",
        "\n".join(goals),
        "yes" if result.met else "no",
    )


def _beside(limit: Limit) -> str:
    return limit.goal.text(limit.name)


def _found(result: Result, limit: Limit) -> str:
    return f"{limit.name}: {number(result.limited(limit))}"


def _readings(found: Spread, unit: str) -> str:
    return f"{number(found.middle)} {unit}\n({number(found.least)} to {number(found.most)})"


def number(found: float) -> str:
    """Whole above a hundred, else three digits that count."""
    return f"{found:,.0f}" if abs(found) >= 100 else f"{found:.3g}"  # noqa: PLR2004 - as the docstring says


def nearest(result: Result) -> Round:
    """The round whose ratio is nearest to the median."""
    return min(result.rounds, key=lambda each: abs(each.ratio - result.ratio.middle))


def where(result: Result) -> str:
    """Where it went in the round nearest to the median, on one line; empty where nobody knows."""
    found = nearest(result)
    texts = [
        f"{who}: {', '.join(f'{name} {value:,.4g}' for name, value in reading.where.items())}"
        for who, reading in (("value", found.subject), ("floor", found.floor))
        if reading.where
    ]
    return f"{result.line.name}: {'; '.join(texts)}" if texts else ""


def record(result: Result) -> dict[str, object]:
    """A line of the JSON file: medians in `unit`, ratio and goal plain numbers, and what is behind them."""
    line, found = result.line, nearest(result)
    return {
        "line": line.name,
        "value": _rounded(result.value.middle),
        "floor": _rounded(result.floor.middle),
        "ratio": round(result.ratio.middle, 3),
        "goal": line.goal.bound,
        "met": result.met,
        "goal_is": f"{line.goal.side}, of the {line.goal.of}",
        "unit": line.unit,
        "floor_is": line.floor_name,
        "spread": {name: _ends(getattr(result, name)) for name in ("value", "floor", "ratio")},
        "rounds": len(result.rounds),
        "seconds": round(result.seconds, 1),
        "limits": [_limit(result, each) for each in line.limits],
        "where": {"value": _all_rounded(found.subject.where), "floor": _all_rounded(found.floor.where)},
    }


def _limit(result: Result, limit: Limit) -> dict[str, object]:
    value = result.limited(limit)
    met = limit.goal.met_by(value)
    return {"name": limit.name, "value": _rounded(value), "goal": limit.goal.bound, "side": limit.goal.side, "met": met}


def _ends(found: Spread) -> list[float]:
    return [_rounded(found.least), _rounded(found.most)]


def _all_rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: _rounded(value) for name, value in found.items()}


def _rounded(found: float) -> float:
    """Four digits that count, or all before the point."""
    return float(f"{found:.0f}" if abs(found) >= 1000 else f"{found:.4g}")  # noqa: PLR2004 - as the docstring says


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Replaces the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([record(result) for result in results], indent=2, ensure_ascii=False) + "\n")


def markdown(records: Sequence[Mapping[str, Any]]) -> str:
    """The lines of build/bench.json as a table for a page."""
    head = ("| line | value | floor | ratio | goal | met |", "| --- | ---: | ---: | ---: | ---: | --- |")
    return "\n".join((*head, *(_markdown_row(each) for each in records)))


def _markdown_row(record: Mapping[str, Any]) -> str:
    side, of = record["goal_is"].split(", of the ")
    unit, sign = record["unit"], "≥" if side == "at least" else "≤"
    least, most = record["spread"]["ratio"]
    cells = (
        f"{record['line']} <br> *{record['floor_is']}*",
        f"{number(record['value'])} {unit}",
        f"{number(record['floor'])} {unit}",
        f"{record['ratio']:.2f} ({least:.2f} to {most:.2f})",
        " <br> ".join(
            (f"{sign} {record['goal']:g} {'x' if of == 'ratio' else unit}", *map(_limit_text, record["limits"]))
        ),
        "yes" if record["met"] else "no",
    )
    return f"| {' | '.join(cells)} |"


def _limit_text(limit: Mapping[str, Any]) -> str:
    sign = "≥" if limit["side"] == "at least" else "≤"
    return f"{limit['name']} {number(limit['value'])} ({sign} {limit['goal']:g})"
