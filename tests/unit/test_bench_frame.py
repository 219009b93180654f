"""The frame of the benchmarks: rounds alternate, ratios are paired, a goal that is missed is shown."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import measure as frame
from benchmarks.lines import LINES
from benchmarks.measure import Result, Round, measure
from benchmarks.model import BenchError, Goal, Limit, Line, Measure, Pair, Reading, at_least, at_most, chosen
from benchmarks.report import record, table, where, write_json
from benchmarks.site import Site
from deploy.local.settings import StackSettings
from deploy.local.stack import Stack


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site nobody starts anything on."""
    return Site(Stack(StackSettings(state_dir=tmp_path / "state")), tmp_path)


AT_PAR = at_least(1.0)


def _line(subject: Measure, floor: Measure, goal: Goal = AT_PAR, *limits: Limit, seconds: float = 60) -> Line:
    @asynccontextmanager
    async def opened(_: Site) -> AsyncIterator[Pair]:
        yield Pair(subject, floor)

    return Line("things/s", "bare things", goal, opened, limits=limits, seconds=seconds)


def _result(*pairs: tuple[float, float], goal: Goal = AT_PAR, limits: tuple[Limit, ...] = ()) -> Result:
    async def never() -> Reading:
        raise AssertionError

    return Result(
        _line(never, never, goal, *limits),
        [Round(Reading(subject, {"work ms": 2.5}), Reading(floor)) for subject, floor in pairs],
    )


async def test_rounds_alternate_and_every_other_one_starts_with_the_subject(site: Site) -> None:
    order: list[str] = []

    async def subject() -> Reading:
        order.append("subject")
        return Reading(1)

    async def floor() -> Reading:
        order.append("floor")
        return Reading(2)

    notes: list[str] = []
    result = await measure(_line(subject, floor), site, 3, notes.append)
    assert order == ["floor", "subject", "subject", "floor", "floor", "subject"]
    assert len(result.rounds) == len(notes) == 3


async def test_a_line_that_hangs_is_given_up_and_named(site: Site) -> None:
    async def hangs() -> Reading:
        await asyncio.Event().wait()
        return Reading(1)

    with pytest.raises(BenchError, match=r"things/s: not done within 0 s"):
        await measure(_line(hangs, hangs, seconds=0.01), site, 5, print)


@pytest.mark.parametrize("found", [0, -1, float("nan")])
async def test_a_reading_of_nothing_makes_no_ratio(site: Site, found: float) -> None:
    async def reads() -> Reading:
        return Reading(found)

    with pytest.raises(BenchError, match=r"things/s: the floor reads"):
        await measure(_line(reads, reads), site, 1, print)


def test_the_ratio_is_the_median_of_the_rounds_ratios_and_not_of_the_medians() -> None:
    result = _result((10, 10), (50, 100), (90, 30), (40, 50), (8, 4))
    assert result.ratio == frame.Spread(1.0, 0.5, 3.0)
    assert result.value.middle == 40
    assert result.floor.middle == 30


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (at_least(0.79), True),
        (at_least(0.8), True),
        (at_least(0.81), False),
        (at_most(0.79), False),
        (at_most(0.8), True),
        (at_most(0.81), True),
        (Goal(80, "at most", "value"), True),
        (Goal(79, "at most", "value"), False),
        (Goal(81, "at least", "value"), False),
    ],
    ids=str,
)
def test_a_goal_is_met_when_the_median_is_on_its_good_side(goal: Goal, met: bool) -> None:  # noqa: FBT001 - a case
    assert _result((80, 100), goal=goal).met is met


@pytest.mark.parametrize(("most", "met"), [(2.5, True), (2.4, False)])
def test_a_goal_beside_the_ratio_counts_as_well(most: float, met: bool) -> None:  # noqa: FBT001 - a case
    limits = (Limit("work ms", Goal(most, "at most")),)
    assert _result((100, 100), limits=limits).met is met
    assert record(_result((100, 100), limits=limits))["limits"] == [
        {"name": "work ms", "value": 2.5, "goal": most, "side": "at most", "met": met}
    ]


def test_the_json_has_a_plain_object_a_line(tmp_path: Path) -> None:
    write_json(tmp_path / "build" / "bench.json", [_result((80, 100), (60, 100), (90, 100), goal=at_least(0.9))])
    (found,) = json.loads((tmp_path / "build" / "bench.json").read_text())
    asked = {name: found[name] for name in ("line", "value", "floor", "ratio", "goal", "met")}
    assert asked == {"line": "things/s", "value": 80, "floor": 100, "ratio": 0.8, "goal": 0.9, "met": False}
    assert found["spread"] == {"value": [60, 90], "floor": [100, 100], "ratio": [0.6, 0.9]}
    assert (found["unit"], found["goal_is"], found["rounds"]) == ("/s", "at least, of the ratio", 3)


def test_a_speed_above_a_thousand_is_whole_and_a_cost_keeps_what_counts() -> None:
    found = record(_result((12345.6, 0.0123456)))
    assert (found["value"], found["floor"]) == (12346, 0.01235)


def test_the_table_shows_medians_with_their_spread_and_a_goal_that_is_missed() -> None:
    shown = io.StringIO()
    Console(width=120, file=shown).print(table([_result((1000, 2000), (3000, 4000), (5000, 5000))]))
    for text in ("things/s", "bare things", "3,000 /s", "(1,000 to 5,000)", "0.75 x", "(0.50 to 1.00)", "≥ 1 x", "no"):
        assert text in shown.getvalue()


def test_the_table_shows_the_goals_beside_the_ratio_and_what_was_found() -> None:
    shown = io.StringIO()
    limits = (Limit("work ms", Goal(50, "at most")),)
    Console(width=120, file=shown).print(table([_result((1, 2), goal=at_most(2.5), limits=limits)]))
    for text in ("≤ 2.5 x", "≤ 50 work ms", "work ms: 2.5"):
        assert text in shown.getvalue()


def test_where_the_time_went_is_that_of_the_round_nearest_to_the_median() -> None:
    assert where(_result((1, 2))) == "things/s: value: work ms 2.5"


def test_lines_are_chosen_by_a_part_of_their_name_whatever_its_case() -> None:
    assert chosen(LINES, "") == LINES
    assert [line.name for line in chosen(LINES, "UPLOAD-URL")] == [
        "upload-url/s, one process",
        "upload-url/s, to the plain design",
    ]


def test_a_part_that_no_line_has_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BenchError, match=r"no line has 'nonsense'.*decisions/s, 1,000 users;"):
        chosen(LINES, "nonsense")


def test_every_line_has_a_name_of_its_own() -> None:
    assert len({line.name for line in LINES}) == len(LINES)
