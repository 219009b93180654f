"""A batch of facts over the ledger's rows, pure: what is written, what is said, and what is said again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.chassis.delivery import Delivery
from services.quota.decide import judge
from services.quota.model import (
    Account,
    Decided,
    Fact,
    Page,
    Registered,
    Reservation,
    Settlement,
    Write,
)

MOMENT = timedelta(microseconds=1)
"""Between the times of two decisions of a batch: less than deciding takes, and as fine as PostgreSQL's clock."""


def settle(
    accounts: Mapping[UUID, Account],
    reservations: Mapping[str, Reservation],
    superseded: Iterable[Reservation],
    batch: Sequence[Delivery[Fact]],
    now: datetime,
) -> Settlement:
    """Folds `batch` over the ledger's rows, in the order given: the outcome is that of its facts one by one.

    `accounts` and `reservations` hold what the ledger has for the batch's users and keys, `superseded` the earlier
    decisions about those keys. The first fact is decided at `now`, each other a MOMENT after the one before: who hears
    of an account from many partitions tells by the time which word was the last.
    """
    books = _Books(accounts, reservations, superseded)
    for place, delivery in enumerate(batch):
        books.enter(delivery, now + place * MOMENT)
    return books.close()


class _Books:
    """The rows as they stand within a batch. Lives for one `settle` only."""

    def __init__(
        self,
        accounts: Mapping[UUID, Account],
        reservations: Mapping[str, Reservation],
        superseded: Iterable[Reservation],
    ) -> None:
        self._accounts_before, self._rows_before = accounts, reservations
        self._accounts, self._rows = dict(accounts), dict(reservations)
        self._history: dict[str, list[Reservation]] = {}
        self._replaced: list[Reservation] = []
        self._decided: list[Decided] = []
        for earlier in superseded:
            self._history.setdefault(earlier.object_key, []).append(earlier)

    def enter(self, delivery: Delivery[Fact], now: datetime) -> None:
        fact = delivery.event
        if isinstance(fact, Registered):
            self._accounts.setdefault(fact.user_id, Account(0, fact.limit_bytes))
            return
        page = Page(
            self._rows.get(fact.object_key),
            self._history.get(fact.object_key, ()),
            self._accounts.get(fact.user_id),
            delivery.origin,
            now,
        )
        recorded = _recorded(page)
        if recorded is not None:  # a replay: the same event again, and no effect
            self._decided.append(Decided(recorded, delivery.traceparent))
            return
        row = judge(fact, page)
        if row is None:
            self._answer(delivery, page.row)
        else:
            self._turn(delivery, page, row)

    def _answer(self, delivery: Delivery[Fact], row: Reservation | None) -> None:
        """Of a fact that decided nothing: where it asks, what was decided last is said again, as it was said then."""
        fact = delivery.event
        if row is not None and not isinstance(fact, Registered) and fact.asked:
            self._decided.append(Decided(row, delivery.traceparent))

    def _turn(self, delivery: Delivery[Fact], page: Page, row: Reservation) -> None:
        self._rows[row.object_key] = row
        if page.row is not None and page.row.version == row.version:  # a refresh decides nothing
            self._answer(delivery, row)
            return
        if page.row is not None:
            self._replaced.append(page.row)
            self._history.setdefault(row.object_key, []).append(page.row)
        if page.account is not None:
            self._accounts[row.user_id] = Account(row.used_bytes, page.account.limit_bytes)
        self._decided.append(Decided(row, delivery.traceparent))

    def close(self) -> Settlement:
        opened = self._accounts.keys() - self._accounts_before.keys()
        return Settlement(
            opened={user: self._accounts[user].limit_bytes for user in opened},
            writes=tuple(self._writes()),
            superseded=tuple(self._replaced),
            decided=tuple(self._decided),
        )

    def _writes(self) -> Iterable[Write]:
        for key, row in self._rows.items():
            before = self._rows_before.get(key)
            if row is not before:
                yield Write(row, before.version if before else 0)


def _recorded(page: Page) -> Reservation | None:
    """The decision that this very record made before, also where a later one has replaced it."""
    if page.row is not None and page.row.origin == page.origin:
        return page.row
    return next((earlier for earlier in page.superseded if earlier.origin == page.origin), None)
