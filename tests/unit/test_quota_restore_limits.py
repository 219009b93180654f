"""Which changes of limits an account has lived through since its backup."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import UUID

from services.quota.events import limit_id
from services.quota.restore.limits import Account, Chain, Granted, chain_of
from services.quota.restore.reading import LimitSaid
from tests.unit.quota_facts import NOW, USER


def said(version: int, limit: int, user: UUID = USER) -> LimitSaid:
    return LimitSaid(limit_id(user, version), user, limit, NOW + timedelta(seconds=version))


def granted(limit: int, second: int = 9) -> Granted:
    return Granted(limit, NOW + timedelta(seconds=second))


def limits(chain: Chain) -> list[int]:
    return [change.limit_bytes for change in chain.changes]


def test_changes_are_made_in_the_order_of_their_numbers_however_they_were_heard() -> None:
    for order in permutations([said(2, 50), said(3, 200), said(4, 100)]):
        chain = chain_of(USER, Account(1, 100), order, [])
        assert (limits(chain), chain.high, chain.missing) == ([50, 200, 100], 2, 0)


def test_what_the_account_knows_already_is_no_news() -> None:
    chain = chain_of(USER, Account(2, 50), [said(1, 100), said(2, 50), said(2, 50)], [])
    assert chain == Chain([], 0, 0)


def test_an_account_that_is_not_there_is_opened_by_its_first_change() -> None:
    chain = chain_of(USER, None, [said(1, 100), said(2, 50)], [])
    assert (limits(chain), chain.high, chain.missing) == ([100, 50], 1, 0)


def test_a_change_without_the_one_before_it_is_missing() -> None:
    chain = chain_of(USER, Account(1, 100), [said(3, 50)], [])
    assert (limits(chain), chain.missing) == ([], 1)


def test_bytes_granted_under_a_limit_that_is_known_need_no_other() -> None:
    assert limits(chain_of(USER, Account(1, 100), [said(2, 200)], [granted(100), granted(200)])) == [200]


def test_a_limit_that_granted_bytes_and_was_never_told_is_the_last_one() -> None:
    chain = chain_of(USER, Account(1, 100), [said(2, 50)], [granted(100), granted(300, 20), granted(200, 10)])
    assert (limits(chain), chain.high) == ([50, 300], 2)
    assert [change.said for change in chain.changes] == [True, False]


def test_an_account_that_was_never_told_is_opened_by_what_it_was_granted() -> None:
    chain = chain_of(USER, None, [], [granted(100)])
    assert (limits(chain), chain.high) == ([100], 1)


def test_a_user_of_whom_nothing_is_known_has_no_changes() -> None:
    assert chain_of(USER, None, [], []) == Chain([], 0, 0)
