"""What a batch tells of accounts, the newest word of each; and what cannot fit, by what was told."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from docuvault_contracts.events import LimitChanged

from services.upload.accounts import Account, foreseen, newest
from services.upload.decide import Refused
from tests.unit.upload_facts import NOW, USER, abandoned, classified, rejected, released, reserved

OTHER = UUID(int=8)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def limit(bytes_: int, used: int, when: datetime, user: UUID = USER) -> LimitChanged:
    return LimitChanged(user_id=user, limit_bytes=bytes_, used_bytes=used, changed_at=when)


def test_each_word_of_the_ledger_tells_how_full_the_account_is() -> None:
    for event in (reserved(used=10), rejected(), released()):
        assert newest([event]) == {USER: Account(event.used_bytes, 100, NOW)}
    assert newest([limit(100, 7, NOW)]) == {USER: Account(7, 100, NOW, NOW)}


def test_who_speaks_of_no_account_tells_nothing_of_one() -> None:
    assert newest([classified(), abandoned()]) == {}


def test_the_newest_word_is_kept_in_whatever_order_they_come() -> None:
    words: list[Any] = [
        reserved(used=10, decided_at=at(1)),
        released(used_bytes=4, decided_at=at(3)),
        limit(50, 10, at(2)),
    ]
    for order in permutations(words):
        assert newest(order) == {USER: Account(4, 50, at(3), at(2))}


def test_who_sets_a_limit_has_the_last_word_on_it_whatever_the_clocks_of_decisions_say() -> None:
    words: list[Any] = [reserved(used=10, decided_at=at(9)), limit(50, 0, at(1)), limit(60, 0, at(2))]
    for order in permutations(words):
        assert newest(order) == {USER: Account(10, 60, at(9), at(2))}


def test_of_two_words_of_one_moment_the_later_one_is_kept() -> None:
    assert newest([reserved(used=10), reserved(2, used=20)])[USER].used_bytes == 20


def test_accounts_are_told_apart() -> None:
    told = newest([limit(50, 1, at(1)), limit(60, 2, at(2), OTHER)])
    assert told == {USER: Account(1, 50, at(1), at(1)), OTHER: Account(2, 60, at(2), at(2))}


FULL = Account(90, 100, NOW)


@pytest.mark.parametrize(
    ("sizes", "refused"),
    [
        ([10], [None]),
        ([11], [Refused(90, 100, 11)]),
        ([4, 6, 1], [None, None, Refused(100, 100, 1)]),
        ([4, 7, 6], [None, Refused(94, 100, 7), None]),
        ([11, 10], [Refused(90, 100, 11), None]),
        ([None, 10, None], [None, None, None]),
        ([0, 10, 0], [None, None, None]),
        ([2**63 - 1], [Refused(90, 100, 2**63 - 1)]),
    ],
)
def test_of_files_in_their_order_those_fit_for_which_there_is_room(sizes: list[int | None], refused: list[Any]) -> None:
    assert foreseen(sizes, FULL) == refused


def test_of_a_user_nobody_has_heard_of_nothing_is_refused() -> None:
    assert foreseen([2**63 - 1, None], None) == [None, None]


def test_above_a_limit_that_was_lowered_only_what_takes_no_byte_fits() -> None:
    above = Account(200, 100, NOW)
    assert foreseen([1, 0, None], above) == [Refused(200, 100, 1), None, None]
