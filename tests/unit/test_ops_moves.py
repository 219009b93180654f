"""Which offsets become which."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from deploy.ops.groups import Standing
from deploy.ops.moves import moves_back, moves_to

AT = TopicPartition("quota", 0)


def standing(committed: int | None, first: int = 10, end: int = 100) -> Standing:
    return Standing("quota", 0, first, end, committed)


@pytest.mark.parametrize(
    ("committed", "wanted", "after", "again", "skipped"),
    [
        (50, 20, 20, 30, 0),
        (50, 70, 70, 0, 20),
        (50, 5, 10, 40, 0),  # retention took what is before
        (50, 500, 100, 0, 50),
        (3, 10, 10, 0, 0),  # it would begin there anyway
        (None, 10, 10, 0, 0),
        (None, 60, 60, 0, 50),
    ],
)
def test_a_move_says_what_is_heard_again_and_what_never(
    committed: int | None, wanted: int, after: int, again: int, skipped: int
) -> None:
    [move] = moves_to([standing(committed)], {AT: wanted})
    assert (move.before, move.after, move.again, move.skipped) == (committed, after, again, skipped)


def test_where_a_group_stands_already_nothing_moves() -> None:
    assert moves_to([standing(50)], {AT: 50}) == []


@pytest.mark.parametrize(("committed", "wanted"), [(50, 50), (50, 60), (None, 60), (3, 10)])
def test_what_a_group_has_yet_to_hear_it_does_not_miss(committed: int | None, wanted: int) -> None:
    assert moves_back([standing(committed)], {AT: wanted}) == []


def test_a_group_goes_back_to_what_was_said_since_then() -> None:
    [move] = moves_back([standing(50)], {AT: 20})
    assert (move.at, move.after) == (AT, 20)


@pytest.mark.parametrize(("committed", "lag"), [(50, 50), (None, 90), (3, 90), (100, 0)])
def test_the_lag_is_what_there_is_to_read(committed: int | None, lag: int) -> None:
    assert standing(committed).lag == lag
