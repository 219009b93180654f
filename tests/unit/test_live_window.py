"""What came after an id, out of memory: never less than that, whatever was forgotten by then."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.upload.live.window import Ahead, Lost, Missed, Place, Window, place_of

USERS = [UUID(int=number) for number in (1, 2, 3)]
ONE, TWO = USERS[:2]
A, B, C = (UUID(int=number) for number in (11, 12, 13))


def window(*, seconds: float = 300, most: int = 100, most_missed: int = 50, offset: int = 5) -> Window:
    made = Window(seconds, most, most_missed)
    made.widen(1)
    made.start(0, offset)
    made.is_open = True
    return made


def add(to: Window, user: UUID, document: UUID, time_ms: int = 0) -> None:
    to.add(0, time_ms, user.bytes, document.bytes)


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1.", ".1", "1.2.3", "-1.2", "1.-2", "1 .2", "٣.1", "1.9" + "9" * 18, "1234567.1", "0.1\n"]
)
def test_what_is_no_id_names_no_place(text: str) -> None:
    assert place_of(text) is None


def test_an_id_names_the_place_it_was_made_of() -> None:
    assert place_of(str(Place(3, 4711))) == Place(3, 4711)


def test_what_came_after_an_id_is_told_once_each_and_of_its_user_alone() -> None:
    kept = window()
    for user, document in ((ONE, A), (ONE, B), (TWO, C), (ONE, B)):
        add(kept, user, document)
    assert kept.missed(ONE, "0.4") == Missed(frozenset({A, B}))
    assert kept.missed(ONE, "0.5") == Missed(frozenset({B}))
    assert kept.missed(ONE, "0.8") == Missed(frozenset())
    assert kept.missed(TWO, "0.5") == Missed(frozenset({C}))


def test_a_change_of_the_account_alone_names_no_document() -> None:
    kept = window()
    kept.add(0, 0, ONE.bytes)
    assert kept.missed(ONE, "0.4") == Missed(frozenset())
    assert kept.place(0) == 6


def test_a_record_that_is_nobodys_takes_its_place() -> None:
    kept = window()
    kept.add(0, 0)
    add(kept, ONE, A)
    assert kept.missed(ONE, "0.5") == Missed(frozenset({A}))


def test_the_newest_id_there_is_misses_nothing_and_a_later_one_is_ahead() -> None:
    kept = window()
    add(kept, ONE, A)
    assert kept.now(ONE) == Place(0, 5)
    assert kept.missed(ONE, "0.5") == Missed(frozenset())
    assert kept.missed(ONE, "0.6") == Ahead()


def test_an_id_of_before_what_is_kept_is_lost_and_the_one_right_before_it_is_not() -> None:
    kept = window(most=2)
    for document in (A, B, C):
        add(kept, ONE, document)
    kept.forget(0)
    assert isinstance(kept.missed(ONE, "0.4"), Lost)
    assert kept.missed(ONE, "0.5") == Missed(frozenset({B, C}))


def test_what_is_too_old_is_forgotten() -> None:
    kept = window(seconds=10)
    add(kept, ONE, A, time_ms=1_000)
    add(kept, ONE, B, time_ms=12_000)
    kept.forget(now_ms=12_000)
    assert isinstance(kept.missed(ONE, "0.4"), Lost)
    assert kept.missed(ONE, "0.5") == Missed(frozenset({B}))


@pytest.mark.parametrize("text", ["nonsense", "1.5"])
def test_an_id_that_is_none_or_of_another_partition_is_lost(text: str) -> None:
    assert isinstance(window().missed(ONE, text), Lost)


def test_more_than_a_client_is_told_at_once_is_lost() -> None:
    kept = window(most_missed=2)
    for document in (A, B, A, B):
        add(kept, ONE, document)
    assert kept.missed(ONE, "0.4") == Missed(frozenset({A, B}))
    add(kept, ONE, C)
    assert isinstance(kept.missed(ONE, "0.4"), Lost)


def test_a_partition_that_begins_anew_knows_nothing_of_before() -> None:
    kept = window()
    add(kept, ONE, A)
    kept.start(0, 100)
    assert isinstance(kept.missed(ONE, "0.5"), Lost)
    assert kept.missed(ONE, "0.99") == Missed(frozenset())


def test_with_more_partitions_users_are_elsewhere_and_nothing_is_known() -> None:
    kept = window()
    assert kept.widen(2)
    assert not kept.is_open
    assert kept.now(ONE) is None
    assert kept.place(0) is None


@given(
    st.lists(st.tuples(st.sampled_from(USERS), st.sampled_from([A, B, C]), st.integers(0, 5)), max_size=40),
    st.integers(1, 20),
    st.integers(0, 60),
)
def test_nothing_that_came_after_an_id_is_ever_left_out(changes: Any, most: int, offset: int) -> None:
    kept, clock, history = window(most=most, seconds=8, offset=0), 0, []
    for user, document, seconds in changes:
        clock += seconds * 1000
        add(kept, user, document, clock)
        kept.forget(clock)
        history.append((user, document))
    for user in USERS:
        after = {document for owner, document in history[offset + 1 :] if owner == user}
        match kept.missed(user, f"0.{offset}"):
            case Missed(documents):
                assert documents == after
            case Ahead():
                assert offset >= len(history)
            case Lost():
                assert offset + 1 < len(history) - min(most, len(history)) + len(history)
                assert offset < len(history)
