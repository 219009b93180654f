"""How many messages wait in a service's outbox, and since when: looked at beside the relay, which may be what hangs."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from services.chassis.age import Age
from services.chassis.deadletters import reason_of
from services.chassis.metrics import METRICS, Metrics
from services.chassis.postgres import load_sql, translated
from services.chassis.retry import apart, may_pass, pause

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
MOST = 10_000
"""Messages that are counted: more are as many."""


async def watch_outbox(
    pool: asyncpg.Pool[asyncpg.Record],
    stop: asyncio.Event,
    metrics: Metrics = METRICS,
    *,
    look_seconds: float = LOOK_SECONDS,
) -> None:
    """Keeps the two gauges until `stop`; while the database is away the age grows, since nobody can say it does not."""
    age = Age()
    metrics.outbox_age.set_function(age)
    with metrics.outbox_shown():
        while not stop.is_set():
            await _see(pool, age, metrics, look_seconds)
            await pause(look_seconds, stop)


async def _see(pool: asyncpg.Pool[asyncpg.Record], age: Age, metrics: Metrics, look_seconds: float) -> None:
    try:
        messages, seconds = await apart(_look(pool), look_seconds)
    except Exception as error:
        if not may_pass(error) and not isinstance(error, TimeoutError):
            raise
        log.debug("outbox.unseen", reason=reason_of(error))
    else:
        metrics.outbox_messages.set(messages)
        age.seen(seconds)


async def _look(pool: asyncpg.Pool[asyncpg.Record]) -> tuple[int, float]:
    with translated():
        row = await pool.fetchrow(load_sql("services.chassis")["outbox_look"], MOST)
    return (int(row["messages"]), float(row["seconds"])) if row else (0, 0.0)
