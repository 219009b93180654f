"""The transactional outbox: what a transaction says is stored with what it does, and relayed to Kafka right after.

A service's own migration creates the table (its text is `sql/outbox_table.sql` beside this file). Messages of one key
leave in the order of their ids, so insert them after the row that the key stands for has been locked or written. Each
one arrives at least once, with the same `ce_id` each time: a crash between the ack and the delete repeats it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import asyncpg
import orjson
import structlog
from docuvault_contracts.cloudevents import Message

from services.chassis.deadletters import reason_of
from services.chassis.failpoints import failpoint
from services.chassis.metrics import METRICS, Metrics
from services.chassis.postgres import Connection, load_sql, transaction
from services.chassis.producer import Publisher
from services.chassis.producer_client import check
from services.chassis.retry import Abandoned, pause, persist
from services.chassis.tracing_kafka import relaying

log = structlog.get_logger(__name__)

BATCH = 500
REST_SECONDS = 0.01
"""After a round that said something: a message that comes alone leaves at once, those that stream in leave together."""
POLL_SECONDS = 1.0
"""How long a row of a replica that died before it relayed it may wait for another replica."""
PUBLISH_SECONDS = 20.0
SILENCE_PER_PUBLISH = 1.5
"""A relay that is silent for longer than a publish takes is stalled: its transaction is ended and the lock is free."""


Beside = Callable[[Message], Message | None]
"""What else is to be said when a message leaves, without a row of its own; None where nothing is."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """The columns of a row, in the table's order, for a service that inserts it inside a statement of its own."""

    topic: str
    key: bytes
    value: bytes
    headers: str


def row_of(message: Message) -> OutboxRow:
    """The row that stores `message`. Raises Unpublishable for one that could never leave the outbox again."""
    check(message)
    pairs = [(name, value.decode("latin-1")) for name, value in message.headers]
    return OutboxRow(message.topic, message.key, message.value, orjson.dumps(pairs).decode())


def message_of(row: asyncpg.Record) -> Message:
    """The message that `row` stores. Header values are bytes, which JSON cannot hold: each is kept as one character."""
    headers = tuple((name, value.encode("latin-1")) for name, value in orjson.loads(row["headers"]))
    return Message(row["topic"], row["key"], row["value"], headers)


class Outbox:
    """Takes messages inside the caller's transaction, and wakes the relay of this process once they are committed."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()

    async def add(self, connection: Connection, messages: Sequence[Message]) -> None:
        """Stores `messages`, in order, in the transaction that `connection` is in; call `wake` after its commit."""
        rows = [row_of(message) for message in messages]
        await connection.execute(
            load_sql("services.chassis")["outbox_add"],
            [row.topic for row in rows],
            [row.key for row in rows],
            [row.value for row in rows],
            [row.headers for row in rows],
        )

    def wake(self) -> None:
        """Something was committed: relay it now, not at the next poll."""
        self.woken.set()


async def relay(  # noqa: PLR0913 - what a relay is made of
    pool: asyncpg.Pool[asyncpg.Record],
    producer: Publisher,
    outbox: Outbox,
    stop: asyncio.Event,
    metrics: Metrics = METRICS,
    *,
    publish_seconds: float = PUBLISH_SECONDS,
    beside: Beside | None = None,
) -> None:
    """Publishes what is in the outbox until `stop`; trouble that may pass is waited out.

    Any number of replicas may run it: one drains at a time, the others wait for its lock, so that order holds; one that
    stalls loses the lock some time after `publish_seconds`, the producer's own limit. What `beside` derives from a
    message is said with it, as often as it is. Raises Unpublishable where the broker refuses a message for good:
    someone has to look at the topic's limits.
    """
    silence_ms = str(int(publish_seconds * SILENCE_PER_PUBLISH * 1000))
    while not stop.is_set():
        outbox.woken.clear()
        try:
            sent = await persist(
                partial(_drain, pool, producer, metrics, silence_ms, beside),
                leave=(stop,),
                on_retry=partial(_note, metrics),
            )
        except Abandoned:
            return
        if sent < BATCH:
            await pause(REST_SECONDS if sent else 0, stop)
            await pause(POLL_SECONDS, outbox.woken, stop)


async def _drain(
    pool: asyncpg.Pool[asyncpg.Record],
    producer: Publisher,
    metrics: Metrics,
    silence_ms: str,
    beside: Beside | None,
) -> int:
    """Publishes and deletes the oldest rows; the number of them."""
    sql = load_sql("services.chassis")
    with ExitStack() as spans:  # a round that says something is one, to its commit; one that finds nothing is none
        async with transaction(pool) as connection:
            await connection.execute(sql["outbox_lock"], silence_ms)
            rows = await connection.fetch(sql["outbox_take"], BATCH)
            if rows:
                failpoint("outbox.after_take")
                messages = _said(rows, beside)
                spans.enter_context(relaying(messages))
                await producer.publish(messages)
                failpoint("outbox.after_publish")
                ages = await connection.fetch(sql["outbox_delete"], [row["id"] for row in rows])
                failpoint("outbox.after_delete")
                for age in ages:
                    metrics.outbox_seconds.observe(age["seconds"])
    if rows:
        failpoint("outbox.after_commit")
    metrics.outbox_published.inc(len(rows))
    return len(rows)


def _said(rows: Sequence[asyncpg.Record], beside: Beside | None) -> Sequence[Message]:
    """The messages of the rows, in order, and what goes with them."""
    messages = [message_of(row) for row in rows]
    derived = () if beside is None else map(beside, messages)
    return [*messages, *(message for message in derived if message is not None)]


def _note(metrics: Metrics, error: BaseException, delay: float) -> None:
    metrics.retries.labels("outbox", "relay").inc()
    log.warning("outbox.backing_off", reason=reason_of(error), retry_in_s=round(delay, 3))
