"""What a batch tells of accounts: the newest word of each, whatever else is in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from docuvault_contracts.events import LimitChanged

from services.upload.accounts import Account, newest
from tests.unit.upload_facts import NOW, USER, abandoned, classified, rejected, released, reserved

OTHER = UUID(int=8)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def limit(bytes_: int, used: int, when: datetime, user: UUID = USER) -> LimitChanged:
    return LimitChanged(user_id=user, limit_bytes=bytes_, used_bytes=used, changed_at=when)


def test_each_word_of_the_ledger_tells_how_full_the_account_is() -> None:
    for event in (reserved(used=10), rejected(), released(), limit(100, 7, NOW)):
        assert newest([event]) == {USER: Account(event.used_bytes, 100, NOW)}


def test_who_speaks_of_no_account_tells_nothing_of_one() -> None:
    assert newest([classified(), abandoned()]) == {}


def test_the_newest_word_is_kept_in_whatever_order_they_come() -> None:
    words: list[Any] = [
        reserved(used=10, decided_at=at(1)),
        released(used_bytes=4, decided_at=at(3)),
        limit(50, 10, at(2)),
    ]
    for order in permutations(words):
        assert newest(order) == {USER: Account(4, 100, at(3))}


def test_of_two_words_of_one_moment_the_later_one_is_kept() -> None:
    assert newest([reserved(used=10), reserved(2, used=20)])[USER].used_bytes == 20


def test_accounts_are_told_apart() -> None:
    told = newest([limit(50, 1, at(1)), limit(60, 2, at(2), OTHER)])
    assert told == {USER: Account(1, 50, at(1)), OTHER: Account(2, 60, at(2))}
