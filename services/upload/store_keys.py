"""The idempotency keys in PostgreSQL. They are claimed with what is made under them: see PgDocuments.create_claimed."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from services.chassis.postgres import load_sql, translated
from services.upload.idempotency import Kept

SQL = load_sql("services.upload")


class PgKeys:
    """The table `idempotency_keys`. Every method raises Transient."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def find(self, user_id: UUID, key: str) -> Kept | None:
        """What the user's key stands for; None where it is free."""
        with translated():
            row = await self._pool.fetchrow(SQL["find_key"], user_id, key)
        return None if row is None else Kept.from_json(row["fingerprint"], row["answer"])

    async def expire(self, retention: float, most: int) -> int:
        """Frees at most so many of the keys that were claimed `retention` seconds ago or before; how many."""
        with translated():
            status = await self._pool.execute(SQL["expire_keys"], retention, most)
        return int(status.rsplit(" ", 1)[1])
