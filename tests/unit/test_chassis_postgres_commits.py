"""How long the oldest commit has been under way."""

from __future__ import annotations

import pytest

from services.chassis.postgres_commits import UnderWay


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_oldest_of_what_is_under_way_counts_and_with_none_it_is_0() -> None:
    clock = Clock()
    commits = UnderWay(clock)
    assert commits() == 0
    with commits.one():
        clock.now += 7
        with commits.one():
            clock.now += 1
            assert commits() == 8
        assert commits() == 8
    assert commits() == 0


def test_the_next_oldest_counts_once_the_oldest_is_through() -> None:
    clock = Clock()
    commits = UnderWay(clock)
    first, second = commits.one(), commits.one()
    with first:
        clock.now += 5
        second.__enter__()
    clock.now += 2
    assert commits() == 2
    second.__exit__(None, None, None)


def test_one_that_fails_is_under_way_no_more() -> None:
    commits = UnderWay()
    with pytest.raises(TimeoutError), commits.one():
        raise TimeoutError
    assert commits() == 0
