"""One life of an aiokafka producer: started, used until something fails, then disposed of for good.

An idempotent producer does not survive every failure: a batch the broker refused leaves a gap in its sequence numbers,
and from then on each send fails with OutOfOrderSequenceNumber. It also never gives up on a batch by itself, so what a
caller has given up on would be sent when the broker returns. Both end by closing this one and starting another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import chain

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message

from services.chassis import kafka_connections
from services.chassis.kafka_access import access
from services.chassis.producer_packing import Packed, by_topic, pack
from services.chassis.retry import apart
from services.chassis.settings import KafkaSettings

log = structlog.get_logger(__name__)

MAX_REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024
"""Just above the largest topic's `max_message_bytes`, so that the topic's own limit is the one that speaks."""
BATCH_BYTES = 256 * 1024
"""Far below every topic's limit, which is one of batches: what is refused for its size is one message, and alone."""
_DISPOSE_SECONDS = 1.0
_LIMITS = {topic.name: topic.max_message_bytes for topic in topics.ALL}
_UNDECLARED_LIMIT = topics.DOCUMENTS.max_message_bytes
_DEAD_LETTERS = topics.dead_letter_topic("")
_size_of = DefaultRecordBatchBuilder.estimate_size_in_bytes
"""Bytes of a batch with this one record, at most; it refuses what the record could not be written from."""
PACKED_FROM = 8
"""So many messages are worth batches of their own. Fewer join those of other publishers: a batch is sent at a time."""


class Unpublishable(ValueError):
    """This message can never be sent as it is (too large, or to a topic that cannot exist)."""


def check(message: Message) -> None:
    """Raises Unpublishable for a message that is no bytes or over its topic's limit, before anything is sent."""
    if not isinstance(message.key, bytes):  # aiokafka would take None, and put it anywhere
        raise Unpublishable(f"a message for topic {message.topic} has a key that is no bytes")
    try:
        size = _size_of(message.key, message.value, list(message.headers))
    except (TypeError, ValueError) as error:
        reason = f"a message for topic {message.topic} has parts that are no bytes, or names that are no text: {error}"
        raise Unpublishable(reason) from error
    limit = _limit(message.topic)
    if size > limit:
        raise Unpublishable(f"a message of {size} bytes is over the {limit} of topic {message.topic}")


def _limit(topic: str) -> int:
    """Dead letters of any group are cut to the size of those that are declared."""
    undeclared = _DEAD_LETTERS.max_message_bytes if topic.startswith(_DEAD_LETTERS.name) else _UNDECLARED_LIMIT
    return _LIMITS.get(topic, undeclared)


class ProducerClient:
    """An idempotent producer with acks of all replicas. Not reusable after `dispose`."""

    def __init__(self, settings: KafkaSettings) -> None:
        kafka_connections.install()
        self._stop_seconds = settings.kafka_stop_timeout_seconds
        # No linger: a batch's sends are made before the sender gets its turn, and while one request is in flight the
        # next batch of the partition gathers anyway.
        self._kafka = AIOKafkaProducer(
            **access(settings),
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            request_timeout_ms=int(settings.kafka_request_timeout_seconds * 1000),
        )

    async def start(self) -> None:
        """Connects. Raises KafkaError; waits for a producer id for as long as the caller lets it."""
        await self._kafka.start()

    async def ping(self) -> None:
        """Asks a broker for the cluster's metadata. Raises KafkaError."""
        await self._kafka.client.fetch_all_metadata()

    async def send(self, messages: Sequence[Message]) -> None:
        """Sends in order and waits for every ack, also when one fails; raises the first failure."""
        acks: list[asyncio.Future[object]] = []
        try:
            async for ack in self._packed(messages) if len(messages) >= PACKED_FROM else self._each(messages):
                ack.add_done_callback(_retrieve)
                acks.append(ack)
        except Exception:
            await _done(acks)
            raise
        await _done(acks)
        for ack in acks:
            ack.result()

    async def _each(self, messages: Sequence[Message]) -> AsyncIterator[asyncio.Future[object]]:
        for message in messages:
            yield await self._kafka.send(message.topic, message.value, message.key, headers=list(message.headers))

    async def _packed(self, messages: Sequence[Message]) -> AsyncIterator[asyncio.Future[object]]:
        """All is encoded before the first batch is sent. A batch waits until the one before it has left the queue."""
        packs: list[Packed] = []
        for topic, those in by_topic(messages).items():
            partitions = len(await self._kafka.partitions_for(topic))
            packs += pack(topic, those, partitions, self._kafka.create_batch)
        for each in packs:
            yield await self._kafka.send_batch(each.builder, each.topic, partition=each.partition)

    async def stop(self) -> None:
        """Sends what is queued and closes, within the stop time-out."""
        try:
            await apart(self._kafka.stop(), self._stop_seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, this client is done for
            log.warning("producer.stop_cut_short", reason=f"{type(error).__name__}: {error}")
            await self.dispose()

    async def dispose(self) -> None:
        """Closes at once and forgets what is queued; its waiters fail with KafkaConnectionError."""
        self._kafka._closed = True  # noqa: SLF001 - stop() is no use here: it waits for the acks of all that is queued
        for closing in (self._kafka.client.close, self._kafka._sender.close):  # noqa: SLF001 - as above
            with suppress(Exception):  # it may be half open, or not started yet
                await apart(closing(), _DISPOSE_SECONDS)
        self._forget(KafkaConnectionError("the producer was given up"))

    def _forget(self, gone: KafkaConnectionError) -> None:
        """Only now that nothing sends any more: a sender whose batches fail under it dies with an error of its own."""
        queued = self._kafka._message_accumulator  # noqa: SLF001 - there is no public way
        queued.fail_all(gone)
        batches = [*chain(*queued._batches.values()), *queued._pending_batches]  # noqa: SLF001 - as above
        for batch in batches:
            _retrieve(batch._drain_waiter)  # noqa: SLF001 - nobody waits for it any more


async def _done(acks: Sequence[asyncio.Future[object]]) -> None:
    if acks:
        await asyncio.wait(acks)


def _retrieve(waiter: asyncio.Future[object]) -> None:
    """Marks a failure as seen, so that a caller who was cancelled leaves no warning behind."""
    if waiter.done() and not waiter.cancelled():
        waiter.exception()
