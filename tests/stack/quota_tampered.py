"""A ledger in a schema of its own, on which a superuser may lay hands: past triggers, rights and the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, load_sql, open_pool
from services.quota.drift import Finding, find_drift
from services.quota.model import Observed
from tests.stack.chassis_servers import schema
from tests.stack.quota_ledger import Replica, delivery, observed

SQL = load_sql("services.quota")
JOURNAL = "SELECT user_id, before_bytes, after_bytes, reserved_bytes, why, repaired_by FROM repairs ORDER BY id"


@dataclass(frozen=True)
class Tampered:
    """A ledger in a schema of its own, and a superuser's hand on it."""

    pool: Pool
    replica: Replica

    async def hand(self, statement: str, *arguments: object) -> None:
        """Runs it with the triggers asleep."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(statement, *arguments)

    async def user(self, *sizes: int, limit: int = 100) -> tuple[UUID, list[Observed]]:
        """A user who holds objects of these sizes."""
        user = await self.replica.account(limit)
        facts = [observed(user, size) for size in sizes]
        await self.replica.settle([delivery(fact) for fact in facts])
        return user, facts

    async def find(self, *, repair: bool) -> list[Finding]:
        async with aclosing(find_drift(self.pool, repair=repair, by="test")) as slices:
            return [finding async for findings in slices for finding in findings]

    async def fix(self) -> dict[UUID, str]:
        """What is done about each user that differs."""
        return {each.drift.user_id: each.done for each in await self.find(repair=True)}

    async def journal(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch(JOURNAL)]

    async def state(self) -> list[list[asyncpg.Record]]:
        tables = ("accounts", "reservations", "superseded", "repairs")
        return [await self.pool.fetch(f"SELECT t::text FROM {table} AS t ORDER BY 1") for table in tables]  # noqa: S608

    async def audited(self) -> list[asyncpg.Record]:
        """What the ledger's audits find."""
        audits = ("audit_accounts", "audit_versions")
        return [row for name in audits for row in await self.pool.fetch(SQL[name].replace("quota.", ""))]


@asynccontextmanager
async def open_tampered(stack: Any) -> AsyncIterator[Tampered]:
    """The schema goes with the block."""
    async with schema(stack) as settings, open_pool(settings) as pool:
        await migrate(pool, "services.quota")
        yield Tampered(pool, Replica(pool))
