"""Ends uploads in parts that nobody can complete any more, a part of the sweep.

Every key whose bytes come in parts is looked at once more when its URLs are dead, whatever has become of it: a client
may have begun several uploads of it, and one that was begun by a process that then died only the store knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import asyncpg
import structlog

from services.chassis.abreast import abreast
from services.chassis.failpoints import failpoint
from services.chassis.lease import Lease
from services.chassis.postgres import load_sql, translated
from services.janitor.looks import database_time
from services.janitor.metrics import SWEPT

log = structlog.get_logger(__name__)

SQL = load_sql("services.janitor")
SLICE = 100
"""Keys whose uploads are ended and recorded together."""


class Ends(Protocol):
    """What has to be ended; each call is one statement. All raise Transient where the database is away."""

    async def now(self) -> datetime:
        """The time by which it is due, the database's."""
        ...

    async def due(self, until: datetime, most: int) -> list[str]:
        """Keys that have been due since before `until`, the longest waiting first."""
        ...

    async def mark(self, keys: Sequence[str]) -> None:
        """Records that their uploads have been ended."""
        ...


class PgEnds:
    """Ends in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def now(self) -> datetime:
        """See Ends."""
        return await database_time(self._pool)

    async def due(self, until: datetime, most: int) -> list[str]:
        """See Ends."""
        with translated():
            return [row["object_key"] for row in await self._pool.fetch(SQL["due_uploads"], until, most)]

    async def mark(self, keys: Sequence[str]) -> None:
        """See Ends."""
        with translated():
            await self._pool.execute(SQL["mark_ended"], list(keys))


class Store(Protocol):
    """The one call of the object storage that is needed here."""

    async def end_uploads(self, object_key: str) -> int:
        """Ends all uploads in parts of exactly this key; how many there were. Raises Transient."""
        ...


class EndUploads:
    """Ends what is due, a slice after the other. A crash in between ends what is gone already, which does no harm."""

    def __init__(self, ends: Ends, store: Store, at_once: int) -> None:
        self._ends = ends
        self._store = store
        self._at_once = at_once

    async def __call__(self, lease: Lease) -> int:
        """How many uploads were ended. Raises Transient and LeaseLost."""
        ended, until = 0, await self._ends.now()
        while keys := await self._ends.due(until, SLICE):
            await lease.check()
            ended += sum(await abreast(self._store.end_uploads, keys, self._at_once))
            failpoint("janitor.before_ended")
            await self._ends.mark(keys)
        SWEPT.labels("ended").inc(ended)
        if ended:
            log.info("janitor.uploads_ended", ended=ended)
        return ended
