"""How long the oldest commit has been under way."""

from __future__ import annotations

import pytest

from services.chassis.postgres_commits import UnderWay, writes


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


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("INSERT INTO said VALUES ($1)", True),
        ("WITH made AS (\n    insert into a VALUES (1) RETURNING b\n)\nSELECT b FROM made", True),
        ("-- Takes what the update left.\nDELETE FROM outbox", True),
        ("-- What an UPDATE would change.\nSELECT updated_at, deleted FROM documents -- no DELETE", False),
        ("SELECT 1", False),
    ],
)
def test_a_statement_is_known_to_write_by_its_words_and_not_by_those_about_it(statement: str, *, changes: bool) -> None:
    assert writes(statement) is changes
