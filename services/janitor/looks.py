"""What the sweep has to look for, and that it has: the rows of the janitor's own schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import asyncpg

from services.chassis.postgres import load_sql, translated
from services.chassis.storage import ObjectStat
from services.janitor.decide import Due, Finding

SQL = load_sql("services.janitor")


@dataclass(frozen=True, slots=True)
class Looked:
    """An upload that was looked up: what the store holds, what it comes to, when it is looked up again, if at all."""

    due: Due
    stat: ObjectStat | None
    finding: Finding
    again_at: datetime | None


class Looks(Protocol):
    """What the sweep needs of the rows; each call is one statement. All raise Transient where the database is away."""

    async def now(self) -> datetime:
        """The time by which uploads are due: the database's, so that the clock of no replica decides."""
        ...

    async def due(self, until: datetime, most: int) -> list[Due]:
        """Uploads that have been due since before `until`, the longest waiting first."""
        ...

    async def mark(self, looked: Sequence[Looked]) -> None:
        """Records that what was found has been said; one of which something was heard meanwhile is left as it is."""
        ...


async def database_time(pool: asyncpg.Pool[asyncpg.Record]) -> datetime:
    """The database's own. Raises Transient."""
    with translated():
        now: datetime = await pool.fetchval(SQL["database_time"])
    return now


class PgLooks:
    """Looks in PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def now(self) -> datetime:
        """See Looks."""
        return await database_time(self._pool)

    async def due(self, until: datetime, most: int) -> list[Due]:
        """See Looks."""
        with translated():
            return [Due(**dict(row)) for row in await self._pool.fetch(SQL["due_objects"], until, most)]

    async def mark(self, looked: Sequence[Looked]) -> None:
        """See Looks."""
        with translated():
            await self._pool.execute(
                SQL["mark_looked"],
                [each.due.object_key for each in looked],
                [each.due.version for each in looked],
                [each.due.look_at for each in looked],
                [each.again_at for each in looked],
                [each.finding is Finding.ABANDONED for each in looked],
            )

    async def forget(self, older_than_seconds: float, most: int) -> int:
        """Forgets keys whose end is that long ago, at most so many, in one transaction; how many there were."""
        with translated():
            done = await self._pool.execute(SQL["forget_objects"], older_than_seconds, most)
        return int(done.rpartition(" ")[2])
