"""The results as a picture: how far each line is on the good side of its goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report import number
from benchmarks.svg import Bar, bars


def plot(records: Sequence[Mapping[str, Any]]) -> str:
    """An SVG of the lines of build/bench.json; the same records make the same bytes."""
    return bars("docuvault, how far from each goal (median, least to greatest)", [bar(each) for each in records])


def bar(record: Mapping[str, Any]) -> Bar:
    """A line's distance to its goal, from its record; what is to be small counts upside down."""
    of = "ratio" if record["goal_is"].endswith("ratio") else "value"
    ends = sorted(_good(record, found) for found in record["spread"][of])
    unit = "x" if of == "ratio" else record["unit"]
    sign = "≥" if _at_least(record) else "≤"
    missed = [f"{each['name']} {number(each['value'])}" for each in record["limits"] if not each["met"]]
    note = ", ".join((f"{number(record[of])} {unit}, goal {sign} {record['goal']:g}", *missed))
    return Bar(record["line"], note, _good(record, record[of]), ends[0], ends[1])


def _good(record: Mapping[str, Any], found: float) -> float:
    goal = float(record["goal"])
    return found / goal if _at_least(record) else goal / found


def _at_least(record: Mapping[str, Any]) -> bool:
    return bool(record["goal_is"].startswith("at least"))
