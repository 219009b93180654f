"""What the janitor knows of each key, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import asyncpg

from services.chassis.failpoints import failpoint
from services.chassis.postgres import Connection, load_sql, transaction, translated
from services.janitor.decide import Cause, Fact, Known, Ledger, Patience, State, learn_all

SQL = load_sql("services.janitor")


@dataclass(frozen=True, slots=True)
class Removal:
    """An object that is gone. `version` is that of the decision known when it was ordered, 0 where there was none."""

    object_key: str
    document_id: UUID
    user_id: UUID
    version: int
    cause: Cause
    removed_at: datetime

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> Removal:
        """From a row of sql/mark_removed.sql."""
        return cls(**dict(row))


class Objects(Protocol):
    """What is known of the keys; each call is one transaction. All raise Transient where the database is away."""

    async def learn(self, facts: Sequence[Fact], now: datetime) -> list[Known]:
        """Adds facts in the order of their arrival; what is known then of each key they speak of, sorted by key."""
        ...

    async def still_to_go(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that have to go by what is known at this moment."""
        ...

    async def mark_removed(self, orders: Sequence[Known], now: datetime) -> list[Removal]:
        """Records that the objects are gone; tells of each order that nothing newer has overtaken, sorted by key."""
        ...


class PgObjects:
    """Objects on the table of the janitor's own schema; a constant number of round trips for a batch of any size."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], patience: Patience) -> None:
        self._pool = pool
        self._patience = patience

    async def learn(self, facts: Sequence[Fact], now: datetime) -> list[Known]:
        """See Objects. The rows stay locked while they are read, decided and written, and no longer."""
        heard = _by_key(facts)
        async with transaction(self._pool) as connection:
            before = await _lock(connection, heard)
            after = [learn_all(known, heard[known.object_key], self._patience) for known in before]
            await _write(connection, [new for old, new in zip(before, after, strict=True) if new is not old], now)
            failpoint("janitor.before_commit")
        return after

    async def still_to_go(self, keys: Sequence[str]) -> set[str]:
        """See Objects."""
        with translated():
            rows = await self._pool.fetch(SQL["still_to_go"], list(keys))
        return {row["object_key"] for row in rows}

    async def mark_removed(self, orders: Sequence[Known], now: datetime) -> list[Removal]:
        """See Objects."""
        keys = [order.object_key for order in orders]
        versions = [order.version for order in orders]
        with translated():
            rows = await self._pool.fetch(SQL["mark_removed"], keys, versions, [order.cause for order in orders], now)
        return sorted(map(Removal.from_row, rows), key=lambda removal: removal.object_key)


def _by_key(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    heard: dict[str, list[Fact]] = {}
    for fact in facts:
        heard.setdefault(fact.object_key, []).append(fact)
    return heard


async def _lock(connection: Connection, heard: Mapping[str, Sequence[Fact]]) -> list[Known]:
    firsts = [facts[0] for facts in heard.values()]
    keys = list(heard)
    await connection.execute(
        SQL["open_objects"], keys, [fact.document_id for fact in firsts], [fact.user_id for fact in firsts]
    )
    return [_known(row) for row in await connection.fetch(SQL["lock_objects"], keys)]


async def _write(connection: Connection, news: Sequence[Known], now: datetime) -> None:
    if news:
        await connection.execute(
            SQL["write_objects"],
            [known.object_key for known in news],
            [known.version for known in news],
            [known.state for known in news],
            [known.cause for known in news],
            [known.deleted for known in news],
            [known.requested_at for known in news],
            [known.expires_at for known in news],
            [known.look_at for known in news],
            [known.ledger for known in news],
            [known.etag for known in news],
            [known.size_bytes for known in news],
            [known.abandoned_at for known in news],
            now,
            [known.multipart for known in news],
            [known.end_at for known in news],
        )


def _known(row: asyncpg.Record) -> Known:
    ledger = None if row["ledger"] is None else Ledger(row["ledger"])
    return Known(**{**dict(row), "state": State(row["state"]), "ledger": ledger})
