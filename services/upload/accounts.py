"""The copy of the ledger's accounts: how full each was by its newest word. It hints, and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeGuard, cast
from uuid import UUID

import asyncpg
from docuvault_contracts.events import Decision, Event, LimitChanged, QuotaRejected, QuotaReleased, QuotaReserved
from msgspec import Struct
from msgspec.structs import astuple

from services.chassis.postgres import load_sql, translated
from services.upload.decide import Refused

SQL = load_sql("services.upload")
_TELLING: frozenset[type[Event]] = frozenset({QuotaReserved, QuotaRejected, QuotaReleased, LimitChanged})


class Account(Struct, frozen=True, gc=False):
    """An account as the ledger left it at `told_at`; sizes are bytes, and a limit may be below what is used.

    `limit_set_at` is when its limit was set; None where that was not heard, and decisions alone have told of it.
    """

    used_bytes: int
    limit_bytes: int
    told_at: datetime
    limit_set_at: datetime | None = None


def newest(events: Iterable[Event]) -> Mapping[UUID, Account]:
    """What a batch says last of each account; of two words of one moment the later in the batch.

    Documents of one user are on many partitions, so a batch has their decisions in any order.
    """
    told: dict[UUID, Account] = {}
    for event in events:
        if _tells(event):
            account, known = _account(event), told.get(event.user_id)
            told[event.user_id] = account if known is None else _later(known, account)
    return told


def _tells(event: Event) -> TypeGuard[Decision | LimitChanged]:
    return type(event) in _TELLING  # isinstance is slow for pydantic's classes


def _account(event: Decision | LimitChanged) -> Account:
    if event.type == LimitChanged.type:
        event = cast("LimitChanged", event)
        return Account(event.used_bytes, event.limit_bytes, event.changed_at, event.changed_at)
    event = cast("Decision", event)
    return Account(event.used_bytes, event.limit_bytes, event.decided_at)


def _later(known: Account, told: Account) -> Account:
    """What is known after another word, as sql/learn_accounts.sql has it: of the limit, who sets it has the last word.

    The limit's times are the database's and in order; a decision's are of whichever replica made it.
    """
    newer = told.told_at >= known.told_at
    last = told if newer else known
    if told.limit_set_at is None:
        by = told if newer and known.limit_set_at is None else known
    else:
        by = told if known.limit_set_at is None or told.limit_set_at >= known.limit_set_at else known
    return Account(last.used_bytes, by.limit_bytes, last.told_at, by.limit_set_at)


def foreseen(sizes: Sequence[int | None], account: Account | None) -> Sequence[Refused | None]:
    """What the ledger would refuse of uploads of these sizes, one after the other, as far as is known here.

    None for what fits, for a size that nobody declared, and throughout where nothing is known of the account.
    """
    if account is None:
        return [None] * len(sizes)
    used, said = account.used_bytes, list[Refused | None]()
    for size in sizes:
        fits = not size or used + size <= account.limit_bytes
        said.append(None if fits else Refused(used, account.limit_bytes, size or 0))
        used += size or 0 if fits else 0
    return said


class PgAccounts:
    """The table `accounts`. Every method raises Transient."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def find(self, user_id: UUID) -> Account | None:
        """The user's account; None where the ledger has said nothing of it yet."""
        with translated():
            row = await self._pool.fetchrow(SQL["find_account"], user_id)
        return None if row is None else Account(*row)

    async def learn(self, told: Mapping[UUID, Account]) -> Sequence[UUID]:
        """Keeps what is newer than what is known, in one statement; the users whose account has changed."""
        if not told:
            return ()
        rows = [(user, *astuple(each)) for user, each in told.items()]
        with translated():
            changed = await self._pool.fetch(SQL["learn_accounts"], *map(list, zip(*rows, strict=True)))
        return [row["user_id"] for row in changed]
