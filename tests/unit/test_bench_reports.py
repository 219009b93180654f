"""What the benchmarks write for people: where time goes, the curve of growth, generated parts of pages."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import cost, growth_report
from benchmarks.errors import BenchError
from benchmarks.folded import summary
from benchmarks.growth_point import Point
from benchmarks.growth_report import COLUMNS, plot, table, write
from benchmarks.marked import put_between
from benchmarks.plans import plans

FOLDED = "main (a.py:1);parse (b.py:2) 30\nmain (a.py:1);parse (b.py:2);loads (json) 60\nmain (a.py:1) 10\ntorn line\n"
LOG = """\
2026-11-24 15:36:11.066 UTC [10] quota@docuvault LOG:  duration: 28.246 ms  plan:
\tQuery Text: UPDATE accounts SET used_bytes = 1
\tUpdate on accounts  (cost=0.15..8.18 rows=0 width=0) (actual time=28.2..28.2 rows=0.00 loops=1)
\t  Buffers: shared hit=67
2026-11-24 15:36:12.000 UTC [11] LOG:  checkpoint starting: time
\tno plan
2026-11-24 15:36:13.000 UTC [12] quota@docuvault LOG:  duration: 1.000 ms  plan:
\tQuery Text: UPDATE accounts SET used_bytes = 1
\tUpdate on accounts  (cost=0.15..8.18 rows=0 width=0) (actual time=1.0..1.0 rows=0.00 loops=1)
"""


def test_functions_are_listed_by_what_they_take_themselves_and_with_what_they_call() -> None:
    own, within = summary(FOLDED).split("\n\n")
    assert own.splitlines()[1:] == ["  60.0 %  loads (json)", "  30.0 %  parse (b.py:2)", "  10.0 %  main (a.py:1)"]
    assert within.splitlines()[1:3] == [" 100.0 %  main (a.py:1)", "  90.0 %  parse (b.py:2)"]


def test_of_each_statement_the_last_plan_is_kept_and_other_lines_are_not() -> None:
    (found,) = plans(LOG)
    assert "duration: 1.000 ms" in found
    assert "no plan" not in found
    assert plans("") == []


def test_a_generated_part_is_replaced_and_nothing_else() -> None:
    page = "before\n<!-- growth: by a machine -->\nold\nolder\n<!-- /growth -->\nafter\n"
    once = put_between(page, "growth", "new \\1")
    assert once == "before\n<!-- growth: by a machine -->\nnew \\1\n<!-- /growth -->\nafter\n"
    assert put_between(once, "growth", "new \\1") == once


@pytest.mark.parametrize("page", ["none", "<!-- growth: x -->\n", "<!-- growth: x -->\n<!-- /growth -->\n" * 2])
def test_a_page_without_the_one_place_is_refused(page: str) -> None:
    with pytest.raises(BenchError, match="growth"):
        put_between(page, "growth", "text")


def _points() -> list[Point]:
    return [Point(10**power, 1000, {name: float(power) for name, _, _ in COLUMNS}) for power in (3, 4)]


def test_the_curve_is_a_table_with_a_column_a_size() -> None:
    head, rule, *rows = table(_points()).splitlines()
    assert head == "| reservations | 10^3 | 10^4 |"
    assert rule == "| --- | ---: | ---: |"
    assert rows[0] == "| decision, warm µs | 3 | 4 |"
    assert "| vacuum, s | 3.00 | 4.00 |" in rows
    assert len(rows) == len(COLUMNS)


def test_the_curve_is_written_where_it_was_asked_for_and_the_same_each_time(tmp_path: Path) -> None:
    write(_points(), tmp_path)
    assert [each["rows"] for each in json.loads((tmp_path / "growth.json").read_text())] == [1000, 10_000]
    assert (tmp_path / "growth.svg").read_text() == plot(_points())
    ET.fromstring(plot(_points()))  # noqa: S314 - our own


def test_the_pages_have_the_places_that_are_generated() -> None:
    page = growth_report.PAGE.read_text()
    assert put_between(page, growth_report.MARK, "x") != page


def test_what_an_upload_costs_is_added_up_by_process_and_by_step() -> None:
    costs = {step: {"quota": 1e-6 * at, "kafka": 2e-6} for at, step in enumerate(cost.STEPS)}
    costs[cost.STEPS[-1]]["classifier"] = 3_600e-6
    head, rule, *rows = cost.table(costs).splitlines()
    assert head == "| µs of a core | URL | PUT → decided | confirm | → topic | all | hours, of a million |"
    assert rule.count("---:") == head.count("|") - 2
    assert rows == [
        "| quota | 0 | 1 | 2 | 3 | 6 | 0.00 |",
        "| kafka | 2 | 2 | 2 | 2 | 8 | 0.00 |",
        "| classifier | 0 | 0 | 0 | 3,600 | 3,600 | 1.00 |",
        "| all | 2 | 3 | 4 | 3,605 | 3,614 | 1.00 |",
    ]
    assert put_between(cost.PAGE.read_text(), "cost", "x") != cost.PAGE.read_text()
