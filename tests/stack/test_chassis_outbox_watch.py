"""How many messages wait in an outbox, and since when: seen without the relay, which may be what hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from docuvault_contracts.cloudevents import Message
from prometheus_client import CollectorRegistry

from services.chassis.metrics import Metrics
from services.chassis.outbox import Outbox
from services.chassis.outbox_watch import watch_outbox
from services.chassis.postgres import Pool, load_sql, open_pool, transaction
from tests.stack.chassis_servers import schema, until

OLD = "UPDATE outbox SET created_at = created_at - interval '90 s' WHERE id = (SELECT min(id) FROM outbox)"


@pytest.fixture
async def pool(stack: Any) -> AsyncIterator[Pool]:
    async with schema(stack) as settings, open_pool(settings) as pool:
        await pool.execute(load_sql("services.chassis")["outbox_table"])
        yield pool


@asynccontextmanager
async def watched(pool: Pool) -> AsyncIterator[Callable[[], tuple[float, float]]]:
    """What the gauges show: messages, and the age of the oldest in seconds.

    A look may take as long as it is apart from the next one: also on a busy machine it has to connect in that time.
    """
    metrics, stop = Metrics(CollectorRegistry()), asyncio.Event()
    watching = asyncio.create_task(watch_outbox(pool, stop, metrics, look_seconds=0.5))

    def shown() -> tuple[float, float]:
        names = ("docuvault_outbox_messages", "docuvault_outbox_oldest_age_seconds")
        messages, age = (metrics.registry.get_sample_value(name) or 0.0 for name in names)
        return messages, age

    try:
        yield shown
    finally:
        stop.set()
        await watching


async def test_what_waits_is_counted_and_as_old_as_the_oldest_of_it(pool: Pool) -> None:
    async with watched(pool) as shown:
        assert shown()[0] == 0
        async with transaction(pool) as connection:
            await Outbox().add(connection, [Message("t", b"k", b"v", ()) for _ in range(3)])
        await pool.execute(OLD)

        async def is_seen() -> bool:
            messages, age = shown()
            return messages == 3 and age >= 90

        await until(is_seen)
        await pool.execute("DELETE FROM outbox")

        async def is_empty() -> bool:
            messages, age = shown()
            return messages == 0 and age < 90

        await until(is_empty)


async def test_an_outbox_that_cannot_be_looked_at_grows_old_and_the_watch_goes_on(pool: Pool) -> None:
    async with watched(pool) as shown:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE outbox")

            async def is_older() -> bool:
                return shown()[1] > 3

            await until(is_older)

        async def is_young() -> bool:
            return shown()[1] < 3

        await until(is_young)
