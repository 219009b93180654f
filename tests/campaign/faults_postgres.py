"""What befalls the database's sessions: ended in mid-transaction, none left, kept waiting for a lock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from tests.campaign.world import World

EVERY_SECONDS = 0.05
_IN_TRANSACTION = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1 AND xact_start IS NOT NULL"
)
_ALL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1"
_LOCK = "SELECT 1 FROM quota.accounts WHERE user_id = $1 FOR UPDATE"


@asynccontextmanager
async def sessions_ended(world: World, target: str, _: random.Random) -> AsyncIterator[None]:
    """Whichever session of a service is seen in a transaction is ended by the server, again and again."""
    async with world.database() as connection:
        ending = asyncio.create_task(_end_sessions(connection, target))
        try:
            yield
        finally:
            ending.cancel()
            with suppress(asyncio.CancelledError):
                await ending


async def _end_sessions(connection: asyncpg.Connection[asyncpg.Record], role: str) -> None:
    while True:
        await connection.fetchval(_IN_TRANSACTION, role)
        await asyncio.sleep(EVERY_SECONDS)


@asynccontextmanager
async def out_of_connections(world: World, target: str, _: random.Random) -> AsyncIterator[None]:
    """A service's sessions are ended, and the server has none left for it."""
    async with world.database() as connection:
        await connection.execute(f"ALTER ROLE {target} CONNECTION LIMIT 0")
        await connection.fetchval(_ALL, target)
    try:
        yield
    finally:
        async with world.database() as connection:
            await connection.execute(f"ALTER ROLE {target} CONNECTION LIMIT -1")


@asynccontextmanager
async def account_locked(world: World, _: str, chance: random.Random) -> AsyncIterator[None]:
    """Somebody holds one user's account, and every batch that has to do with that user waits."""
    async with world.database() as connection, connection.transaction():
        await connection.fetchval(_LOCK, chance.choice(world.users.users).client.user_id)
        yield
