"""One run of a job, as the table keeps it. Whoever has been overtaken by a later run writes nothing any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import asyncpg
import orjson

from services.chassis.postgres import load_sql, translated

Json = Mapping[str, object]


class Run:
    """A run that has begun; its start tells it from any other. All methods raise Transient.

    `cursor` is what was saved last, by this run or by those before it that did not end well.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], job: str, started_at: datetime, cursor: Json | None) -> None:
        self._pool = pool
        self._job = job
        self._started_at = started_at
        self.cursor = cursor

    async def save(self, cursor: Json | None) -> bool:
        """Whether the cursor is kept: not where another run has begun since."""
        text = None if cursor is None else orjson.dumps(cursor).decode()
        kept = await self._write("jobs_save", text)
        if kept:
            self.cursor = _mapping(text)
        return kept

    async def finish(self, every_seconds: float, result: Json) -> bool:
        """Whether it is kept that the run ended well, with the next due after `every_seconds`."""
        return await self._write("jobs_finish", every_seconds, orjson.dumps(dict(result)).decode())

    async def fail(self, every_seconds: float, reason: str) -> bool:
        """Whether it is kept why the run failed, with the next due after `every_seconds`."""
        return await self._write("jobs_fail", every_seconds, reason.replace("\0", ""))

    async def _write(self, statement: str, *values: object) -> bool:
        with translated():
            found = await self._pool.fetchval(
                load_sql("services.chassis")[statement], self._job, self._started_at, *values
            )
        return found is not None


async def begin(pool: asyncpg.Pool[asyncpg.Record], job: str, *, anyhow: bool) -> Run | None:
    """A new run of `job`, under its lock; None where it is not due, unless it is to run `anyhow`. Raises Transient."""
    sql = load_sql("services.chassis")
    with translated():
        await pool.execute(sql["jobs_add"], job)
        row = await pool.fetchrow(sql["jobs_begin"], job, anyhow)
    return None if row is None else Run(pool, job, row["started_at"], _mapping(row["cursor"]))


def _mapping(text: str | None) -> Json | None:
    return None if text is None else dict(orjson.loads(text))
