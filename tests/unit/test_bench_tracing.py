"""What traces cost: the middle of many turns and how sure it is; lines that are cut out are those that are there."""

from __future__ import annotations

import random
from statistics import median

import pytest

from benchmarks import tracing_turns
from benchmarks.cut_out import in_place, without
from benchmarks.intervals import interval
from benchmarks.lines.traced import OFF, OFF_HIGH, ON_HIGH, Turns
from benchmarks.model import BenchError


class Thing:
    def said(self, more: int) -> list[int]:
        found = [1]
        found.append(2)
        return [*found, more]


def test_a_method_without_a_line_is_the_method_but_for_that_line() -> None:
    shorter = without(Thing.said, "    found.append(2)\n", "")
    with in_place(Thing, "said", shorter):
        assert Thing().said(3) == [1, 3]
    assert Thing().said(3) == [1, 2, 3]


def test_a_line_that_is_not_there_any_more_is_told() -> None:
    with pytest.raises(BenchError, match=r"Thing\.said has no such lines any more"):
        without(Thing.said, "found.append(4)", "")


def test_with_the_lines_for_spans_cut_out_none_of_them_is_left() -> None:
    names = {name for _, _, method in tracing_turns._WITHOUT for name in method.__code__.co_names}  # noqa: SLF001
    assert not names & {"traced", "committing", "sending", "receiving", "span"}
    before = {name: vars(owner)[name] for owner, name, _ in tracing_turns._WITHOUT}  # noqa: SLF001
    with tracing_turns.untraceable():
        assert all(vars(owner)[name] is other for owner, name, other in tracing_turns._WITHOUT)  # noqa: SLF001
    assert before == {name: vars(owner)[name] for owner, name, _ in tracing_turns._WITHOUT}  # noqa: SLF001


def test_an_interval_holds_the_truth_about_as_often_as_it_says_and_narrows_with_the_numbers() -> None:
    die = random.Random(7)  # noqa: S311 - statistics
    found = [interval([die.gauss(1, 0.1) for _ in range(60)], draws=200) for _ in range(100)]
    assert 85 <= sum(low <= 1 <= high for low, high in found) <= 100
    few, many = ([die.gauss(1, 0.1) for _ in range(size)] for size in (20, 2000))
    assert interval(few)[1] - interval(few)[0] > 3 * (interval(many)[1] - interval(many)[0])


def test_the_exporters_time_is_put_on_what_was_traced_and_the_last_round_tells_how_sure_all_are() -> None:
    turns = Turns(rounds=2)
    first = {"turns": [{"on": 50.0, "off": 50.0, "none": 49.0}, {"on": 52.0, "off": 50.0, "none": 50.0}], "others": 1.0}
    second = {"turns": [{"on": 51.0, "off": 51.0, "none": 51.0}], "others": 2.0}
    on, off = turns.take(first)
    assert on.value / off.value == pytest.approx(median([51 / 50, 53 / 50]))
    assert off.value == 50
    assert (dict(on.where)) == {"exporter us": 1.0}
    on, _ = turns.take(second)
    assert on.where["turns"] == 3
    assert on.where["on to off"] == pytest.approx(53 / 51)
    assert on.where[OFF] == 1.0
    assert on.where[ON_HIGH] >= on.where["on to off"] >= on.where["on to off, low"]
    assert on.where[OFF_HIGH] >= on.where[OFF]


def test_a_round_without_a_whole_turn_is_no_measurement() -> None:
    with pytest.raises(BenchError, match="--records"):
        Turns(rounds=1).take({"turns": [], "others": 0.0})
