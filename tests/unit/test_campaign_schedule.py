"""The schedule of a campaign: the same for a seed, each kind alone first, and no two faults in each other's way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.catalogue import CASES, KINDS, Kind
from tests.campaign.schedule import Case, chapters, draw, faults_of, only

SEEDS = st.integers(0, 2**32).map(str)
TOUCHES = {(case.kind, case.target): case.touches for case in CASES}


@given(seed=SEEDS, count=st.integers(0, 200))
def test_a_seed_draws_as_many_faults_as_asked_for_and_the_same_every_time(seed: str, count: int) -> None:
    rounds = draw(seed, count, CASES)
    assert [each.number for each in faults_of(rounds)] == [*range(1, count + 1)]
    assert draw(seed, count, CASES) == rounds


@given(seed=SEEDS)
def test_each_kind_has_a_round_of_its_own_before_any_is_mixed(seed: str) -> None:
    rounds = draw(seed, len(KINDS) + 20, CASES)
    alone, mixed = rounds[: len(KINDS)], rounds[len(KINDS) :]
    assert {each.kind for (each,) in alone} == KINDS.keys()
    assert any(len(each) > 1 for each in mixed)


def test_a_long_schedule_has_each_case_alone() -> None:
    alone = draw("long", 2 * len(CASES), CASES)[: len(CASES)]
    assert {(each.kind, each.target) for (each,) in alone} == TOUCHES.keys()


@given(seed=SEEDS)
def test_faults_of_one_round_leave_each_other_alone_and_are_there_at_once(seed: str) -> None:
    for of in draw(seed, len(KINDS) + 60, CASES):
        touched = [name for each in of for name in TOUCHES[each.kind, each.target]]
        assert len(touched) == len(set(touched))
        assert max(each.after for each in of) < min(each.after + each.lasts for each in of)


@given(seed=SEEDS, most=st.integers(1, 60))
def test_chapters_hold_all_rounds_in_their_order(seed: str, most: int) -> None:
    rounds = draw(seed, 120, CASES)
    found = chapters(rounds, most)
    assert [each for chapter in found for each in chapter] == rounds
    assert all(sum(map(len, chapter)) >= most for chapter in found[:-1])


def test_a_part_of_a_schedule_keeps_who_shared_a_round_with_whom() -> None:
    rounds = draw("part", len(KINDS) + 30, CASES)
    shared = next(each for each in rounds if len(each) > 1)
    kept = only(rounds, {each.number for each in shared[:2]} | {1})
    assert kept == [(rounds[0][0],), shared[:2]]


def test_a_fault_is_called_by_whom_it_befalls() -> None:
    case = Case("hung", "quota_kafka", frozenset({"quota_kafka"}), (1.0, 1.0))
    assert str(draw("name", 1, [case])[0][0]) == "#1 quota_kafka hung"
    case = Case("kafka killed", "kafka", frozenset({"kafka"}), (1.0, 1.0))
    assert str(draw("name", 1, [case])[0][0]) == "#1 kafka killed"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_has_targets_and_a_time(kind: Kind) -> None:
    assert kind.cases
    assert 0 < kind.seconds[0] <= kind.seconds[1]
