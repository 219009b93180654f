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
from benchmarks.model import BenchError, Line, Measure, Pair, Reading, chosen
from benchmarks.report import record, table, where, write_json
from benchmarks.site import Site
from deploy.local.settings import StackSettings
from deploy.local.stack import Stack


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site nobody starts anything on."""
    return Site(Stack(StackSettings(state_dir=tmp_path / "state")), tmp_path)


def _line(subject: Measure, floor: Measure, goal: float = 1.0) -> Line:
    @asynccontextmanager
    async def opened(_: Site) -> AsyncIterator[Pair]:
        yield Pair(subject, floor)

    return Line("things/s", "bare things", goal, opened)


def _result(*pairs: tuple[float, float], goal: float = 1.0) -> Result:
    async def never() -> Reading:
        raise AssertionError

    return Result(
        _line(never, never, goal),
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


async def test_a_line_that_hangs_is_given_up_and_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs() -> Reading:
        await asyncio.Event().wait()
        return Reading(1)

    monkeypatch.setattr(frame, "LINE_SECONDS", 0.01)
    with pytest.raises(BenchError, match=r"things/s: not done"):
        await measure(_line(hangs, hangs), site, 5, print)


def test_the_ratio_is_the_median_of_the_rounds_ratios_and_not_of_the_medians() -> None:
    result = _result((10, 10), (50, 100), (90, 30), (40, 50), (8, 4))
    assert result.ratio == frame.Spread(1.0, 0.5, 3.0)
    assert result.value.middle == 40
    assert result.floor.middle == 30


@pytest.mark.parametrize(("goal", "met"), [(0.79, True), (0.8, True), (0.81, False)])
def test_a_goal_is_met_when_the_median_ratio_reaches_it(goal: float, met: bool) -> None:  # noqa: FBT001 - a case
    assert _result((80, 100), goal=goal).met is met


def test_the_json_has_a_plain_object_a_line(tmp_path: Path) -> None:
    write_json(tmp_path / "build" / "bench.json", [_result((80, 100), goal=0.9)])
    (found,) = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert found == {"line": "things/s", "value": 80, "floor": 100, "ratio": 0.8, "goal": 0.9, "met": False}
    assert record(_result((80, 100), goal=0.8))["met"] is True


def test_the_table_shows_medians_with_their_spread_and_a_goal_that_is_missed() -> None:
    shown = io.StringIO()
    Console(width=120, file=shown).print(table([_result((1000, 2000), (3000, 4000), (5000, 5000))]))
    for text in ("things/s", "bare things", "3,000", "(1,000 to 5,000)", "0.75 x", "(0.50 to 1.00)", "no"):
        assert text in shown.getvalue()


def test_where_the_time_went_is_that_of_the_round_nearest_to_the_median() -> None:
    assert where(_result((1, 2))) == "things/s: value: work ms 2.5"


def test_lines_are_chosen_by_a_part_of_their_name_whatever_its_case() -> None:
    assert chosen(LINES, "") == LINES
    assert [line.name for line in chosen(LINES, "UPLOAD")] == ["upload-url/s, one process"]


def test_a_part_that_no_line_has_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BenchError, match=r"no line has 'nonsense'.*decisions/s, 1,000 users;"):
        chosen(LINES, "nonsense")


def test_every_line_has_a_name_of_its_own() -> None:
    assert len({line.name for line in LINES}) == len(LINES)
