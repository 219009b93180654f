"""A commit that takes long, as one does that waits for a standby, and whose caller leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from services.chassis.postgres import open_pool, transaction
from services.chassis.settings import DatabaseSettings
from tests.stack.chassis_servers import schema
from tests.stack.support.waiting import eventually

SLOW = """
    CREATE TABLE said (what text);
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON said DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slowly();
"""
COMMITS = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT;' AND wait_event = 'PgSleep'"


@pytest.fixture
async def settings(stack: Any) -> AsyncIterator[DatabaseSettings]:
    async with schema(stack) as found:
        yield found


async def test_a_commit_that_nobody_waits_for_any_more_is_left_alone(settings: DatabaseSettings) -> None:
    """Cancelled, it would be done on the primary alone where a standby is waited for; here it would be undone."""
    look = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        await look.execute(SLOW)
        async with open_pool(settings) as pool:

            async def say() -> None:
                async with transaction(pool) as connection:
                    await connection.execute("INSERT INTO said VALUES ('it')")

            saying = asyncio.create_task(say())
            await eventually(lambda: look.fetchval(COMMITS), becomes=1)
            saying.cancel()
            await asyncio.wait({saying})
            assert saying.cancelled()
            await eventually(lambda: look.fetchval(COMMITS), becomes=0)
            assert await look.fetchval("SELECT count(*) FROM said WHERE what = 'it'") == 1
    finally:
        await look.close()
