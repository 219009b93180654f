"""What the ledger forgets: tombstones that nothing can meet any more, with their histories, and old journal lines.

Nothing that an update changes is indexed (README.md), so old tombstones are found by a walk in the order of the primary
key: a part of it in each run, from where the run before left off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import asyncpg

from services.chassis.expiry import BATCH, purge
from services.chassis.jobs import Lease
from services.chassis.postgres import load_sql, transaction, translated

SQL = load_sql("services.quota")
WALK_ROWS = 200_000
"""Most rows that one run looks at."""
RESTS = 9
"""How many times as long as a step took it then does nothing: nine tenths of the time belong to decisions alone."""
LONGEST_REST_SECONDS = 1.0

Place: TypeAlias = tuple[UUID, str]
"""A document and an object key, in the order of the primary key."""
START: Place = (UUID(int=0), "")


@dataclass(frozen=True, slots=True)
class Step:
    """How many rows were looked at and deleted, and the last one looked at; None at the end of the table."""

    seen: int
    gone: int
    place: Place | None


class PgExpiry:
    """Expiry on the tables of the service's own schema; each call is one transaction. All raise Transient.

    Tombstones are kept for `retention_seconds` after their decision, lines of the journal for `journal_seconds`.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], retention_seconds: float, journal_seconds: float) -> None:
        self._pool = pool
        self._retention_seconds = retention_seconds
        self._journal_seconds = journal_seconds

    async def place(self) -> Place:
        """Where the last run left off."""
        with translated():
            row = await self._pool.fetchrow(SQL["expiry_place"])
        return (row["document_id"], row["object_key"]) if row and row["document_id"] else START

    async def step(self, place: Place, most: int) -> Step:
        """Looks at the next `most` rows after `place`, and deletes the old tombstones among them."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(SQL["expire_tombstones"], *place, most, self._retention_seconds)
        (row,) = rows
        reached = None if row["seen"] < most else (row["document_id"], row["object_key"])
        return Step(row["seen"], row["gone"], reached)

    async def repairs(self, most: int) -> int:
        """Deletes at most so many old lines of the journal; how many there were."""
        async with transaction(self._pool) as connection:
            status = await connection.execute(SQL["expire_repairs"], self._journal_seconds, most)
        return int(status.rsplit(" ", 1)[1])


class Expiry:
    """The job: `batch` rows a transaction, at most `walk` of them a run."""

    def __init__(self, store: PgExpiry, batch: int = BATCH, walk: int = WALK_ROWS) -> None:
        self._store = store
        self._batch = batch
        self._walk = walk

    async def __call__(self, lease: Lease) -> Mapping[str, object]:
        """What it forgot, of how many rows it looked at, and where the next run goes on (null: at the start)."""
        seen = gone = 0
        place: Place | None = await self._store.place()
        while place is not None and seen < self._walk:
            await lease.check()
            step = await self._unhurried(place)
            seen, gone, place = seen + step.seen, gone + step.gone, step.place
        lines = await purge(lease, self._store.repairs)
        after = [str(place[0]), place[1]] if place else None
        return {"forgotten": gone, "repairs": lines, "seen": seen, "next": after}

    async def _unhurried(self, place: Place) -> Step:
        time = asyncio.get_running_loop().time
        began = time()
        step = await self._store.step(place, self._batch)
        await asyncio.sleep(min((time() - began) * RESTS, LONGEST_REST_SECONDS))
        return step
