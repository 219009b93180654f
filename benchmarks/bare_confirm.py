"""A floor: what a confirm cannot do without, bare. Stat, one Kafka round trip with all acks, one commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from statistics import median
from typing import NamedTuple
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from docuvault_contracts.topics import Topic

from benchmarks.http_exchange import accepted
from benchmarks.pace import Lending
from benchmarks.site import Site
from deploy.local.setup_kafka import setup_kafka
from services.chassis.postgres import load_sql

ECHO = Topic("bench.echo", "a number", "benchmarks", "What a floor says to itself", partitions=1)
VALUE = b"x" * 400
SQL = load_sql("benchmarks")


class Steps(NamedTuple):
    """Seconds of each."""

    stat: float
    kafka: float
    commit: float


class BareConfirm:
    """Drivers alone, in this process, without HTTP, tokens, rules or logs."""

    def __init__(
        self, store: Lending, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer, pool: asyncpg.Pool[asyncpg.Record]
    ) -> None:
        self._store = store
        self._producer = producer
        self._consumer = consumer
        self._pool = pool
        self._heard: dict[bytes, asyncio.Future[None]] = {}
        self._steps: list[Steps] = []

    async def listen(self) -> None:
        """Hears what it says to itself, until it is cancelled."""
        async for record in self._consumer:
            self._heard.pop(record.key).set_result(None)

    async def __call__(self, head: bytes) -> float:
        """One after the other; the seconds it took."""
        started, name = time.perf_counter(), uuid4()
        accepted(await self._store.ask(head))
        looked = time.perf_counter()
        heard = self._heard[name.bytes] = asyncio.get_running_loop().create_future()
        await self._producer.send_and_wait(ECHO.name, VALUE, name.bytes)
        await heard
        echoed = time.perf_counter()
        await self._pool.execute(SQL["add_echo"], name, len(VALUE))
        committed = time.perf_counter()
        self._steps.append(Steps(looked - started, echoed - looked, committed - echoed))
        return committed - started

    def chain(self) -> dict[str, float]:
        """Medians of the steps since the last call, and what the way of a confirm takes of them; milliseconds.

        That way leads through Kafka and into a database twice: to the ledger, and back to the document.
        """
        steps, self._steps = self._steps, []
        stat, kafka, commit = (median(part) * 1000 for part in zip(*steps, strict=True))
        chain = stat + 2 * (kafka + commit)
        return {"stat ms": stat, "kafka ms": kafka, "commit ms": commit, "stat + 2 x (kafka + commit) ms": chain}


@asynccontextmanager
async def bare_confirm(site: Site, store: Lending) -> AsyncIterator[BareConfirm]:
    """Its topic, its table and its clients."""
    await setup_kafka(site.info.kafka, [ECHO])
    where = site.info.kafka
    producer = AIOKafkaProducer(**where, acks="all", enable_idempotence=True, linger_ms=0)
    consumer = AIOKafkaConsumer(**where, enable_auto_commit=False, auto_offset_reset="latest")
    async with producer, consumer, asyncpg.create_pool(site.floors_url, min_size=4, max_size=10) as pool:
        await pool.execute(SQL["make_echoes"])
        consumer.assign([TopicPartition(ECHO.name, 0)])
        await consumer.seek_to_end()
        made = BareConfirm(store, producer, consumer, pool)
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
