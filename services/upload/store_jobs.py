"""What the jobs see of the documents in PostgreSQL. By the database's clock alone: a service's may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from docuvault_contracts.cloudevents import Message

from services.chassis.outbox import Outbox, OutboxRow, row_of
from services.chassis.postgres import load_sql, translated
from services.upload.reminders import Place, Reminder, Slice, Unanswered
from services.upload.rows import from_row

SQL = load_sql("services.upload")
_NOTHING = (None, None, None, None)


class PgWaiting:
    """Waiting over the table `documents`. `patience` and `grace` are seconds.

    A document is told of again `patience` after it was last told of, and never while its URL, with the grace, lives.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox, patience: float, grace: float) -> None:
        self._pool = pool
        self._outbox = outbox
        self._patience = patience
        self._grace = grace

    async def next_slice(self, most: int) -> Slice | None:
        """See Waiting."""
        with translated():
            row = await self._pool.fetchrow(SQL["reminders_slice"], self._patience, most)
        if row is None:
            return None
        return Slice(
            Place(row["from_told_at"], row["from_id"]), Place(row["to_told_at"], row["to_id"]), row["documents"]
        )

    async def unanswered(self, slice_: Slice) -> Sequence[Unanswered]:
        """See Waiting."""
        begin, end = slice_.begin, slice_.end
        with translated():
            rows = await self._pool.fetch(
                SQL["reminders_unanswered"], begin.told_at, begin.id, end.told_at, end.id, self._grace
            )
        return [Unanswered(from_row(row), row["told_at"], row["now"], row["dead"]) for row in rows]

    async def tell(self, reminders: Sequence[Reminder], upto: Place) -> int:
        """See Waiting. One statement: of what is decided or deleted meanwhile nothing is said."""
        rows = [_columns(reminder) for reminder in reminders]
        columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(7)]
        with translated():
            told = await self._pool.fetchval(SQL["reminders_tell"], *columns, upto.told_at, upto.id)
        self._outbox.wake()
        return int(told or 0)

    async def backlog(self, most: int) -> int:
        """See Waiting."""
        with translated():
            return int(await self._pool.fetchval(SQL["outbox_waiting"], most) or 0)


def _columns(reminder: Reminder) -> tuple[UUID, datetime, datetime, *tuple[object, ...]]:
    """The parameters of sql/reminders_tell.sql that are about one document."""
    of = reminder.of
    return (of.document.id, of.told_at, of.now, *_row(reminder.message))


def _row(message: Message | None) -> tuple[object, ...]:
    if message is None:
        return _NOTHING
    row: OutboxRow = row_of(message)
    return (row.topic, row.key, row.value, row.headers)


class PgTombstones:
    """The documents that are gone. `retention` and `grace` are seconds."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], retention: float, grace: float) -> None:
        self._pool = pool
        self._retention = retention
        self._grace = grace

    async def expire(self, most: int) -> int:
        """Forgets at most so many of those past their retention, oldest first; how many. Raises Transient.

        An event that still comes about one of them is logged and ignored.
        """
        with translated():
            status = await self._pool.execute(SQL["expire_documents"], self._retention, self._grace, most)
        return int(status.rsplit(" ", 1)[1])
