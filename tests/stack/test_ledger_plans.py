"""How the ledger's rows are found, also by a plan that PostgreSQL made while the table was new, and keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from services.chassis.postgres import load_sql

READ = load_sql("services.quota")["read_reservations"]
NEW_TABLE = "CREATE TEMPORARY TABLE reservations (LIKE quota.reservations INCLUDING INDEXES)"
FILL = """
INSERT INTO pg_temp.reservations
SELECT
    gen_random_uuid()::text, gen_random_uuid(), gen_random_uuid(), 'reserved', 1, 1, 0, 0, repeat('a', 32), 1, NULL, 1,
    1, now(), 'storage.events', 1, 1, 1
FROM generate_series(1, $1)
"""


@pytest.fixture
async def connection(stack: Any) -> AsyncIterator[Any]:
    """As the superuser, since no service may make temporary tables."""
    found = await asyncpg.connect(stack.info.databases["postgres"])
    try:
        yield found
    finally:
        await found.close()


@pytest.mark.parametrize("rows", [0, 500, 5000])
async def test_a_batch_never_reads_the_whole_table(connection: Any, rows: int) -> None:
    await connection.execute(NEW_TABLE)
    await connection.execute(FILL, rows)
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE reading AS {READ}")
    plan = [row[0] for row in await connection.fetch("EXPLAIN EXECUTE reading ('{}')")]
    assert any("reservations_pkey" in line for line in plan)
    assert not any("Seq Scan" in line for line in plan)
