"""A total of the ledger that a hand has moved past its triggers."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from deploy.local.info import StackInfo


async def make_drift(info: StackInfo, user_id: UUID, by: int) -> None:
    """Moves the user's total by so many bytes, as nothing of ours does, and has the ledger look at its totals now."""
    connection = await asyncpg.connect(info.databases["postgres"])
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(
                "UPDATE quota.accounts SET used_bytes = used_bytes + $2 WHERE user_id = $1", user_id, by
            )
        await connection.execute("UPDATE quota.jobs SET due_at = now() WHERE name = 'drift'")
    finally:
        await connection.close()
