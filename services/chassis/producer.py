"""The Kafka producer of a service: publish means acked by all replicas, in order per key, or an error that says why.

    async with open_producer(settings) as producer:
        await producer.publish(messages)

It needs no broker to start: the first publish, or the readiness check, connects.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import structlog
from aiokafka.errors import InvalidTopicError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from docuvault_contracts.cloudevents import Message

from services.chassis.errors import Transient
from services.chassis.kafka_connections import reason_of
from services.chassis.metrics import METRICS, Metrics
from services.chassis.producer_client import ProducerClient, Unpublishable, check
from services.chassis.retry import apart
from services.chassis.settings import KafkaSettings
from services.chassis.tracing_kafka import sending

__all__ = ["Producer", "Publisher", "Unpublishable", "open_producer"]

log = structlog.get_logger(__name__)

_NEVER = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError)


class Publisher(Protocol):
    """What a consumer and an outbox need of a producer."""

    async def publish(self, messages: Sequence[Message], /) -> None:
        """Returns when all are acked. Raises Transient (some may have arrived) and Unpublishable (none of it will)."""
        ...


class Producer:
    """Publishes with acks of all replicas. Safe for many tasks at once; replaces its client after any failure."""

    def __init__(self, settings: KafkaSettings, metrics: Metrics = METRICS) -> None:
        self._settings = settings
        self._metrics = metrics
        self._client: ProducerClient | None = None
        self._connecting = asyncio.Lock()
        self._disposals: set[asyncio.Task[None]] = set()

    async def publish(self, messages: Sequence[Message], /) -> None:
        """Sends `messages` in order, so that those of one key stay in order, and waits for all acks.

        Raises Transient where the brokers do not ack within `kafka_publish_timeout_seconds`: any of them may have
        arrived, so publish all of them again. Raises Unpublishable for one that can never be sent.
        """
        for message in messages:
            check(message)
        if messages:
            with sending(messages) as sent:
                await self._within(self._settings.kafka_publish_timeout_seconds, sent)
            for topic, count in Counter(message.topic for message in messages).items():
                self._metrics.produced.labels(topic).inc(count)

    async def ping(self) -> None:
        """One round trip to a broker, for a readiness check. Raises Transient."""
        try:
            async with asyncio.timeout(self._settings.kafka_request_timeout_seconds):
                await apart((await self._connected()).ping())
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"kafka: {reason_of(error)}") from error

    async def close(self) -> None:
        """Sends what is queued and closes, within the stop time-out."""
        client, self._client = self._client, None
        if client is not None:
            await client.stop()
        if self._disposals:
            await asyncio.wait(self._disposals)

    async def _within(self, seconds: float, messages: Sequence[Message]) -> None:
        client: ProducerClient | None = None
        try:
            async with asyncio.timeout(seconds):
                client = await self._connected()
                await apart(client.send(messages))
        except _NEVER as error:
            self._give_up(client, error)
            raise Unpublishable(f"{type(error).__name__}: {error}") from error
        except Exception as error:
            # The messages were checked before, so whatever this is, it is not about them: nobody may drop them for it.
            self._give_up(client, error)
            raise Transient(f"kafka: {reason_of(error)}") from error

    async def _connected(self) -> ProducerClient:
        async with self._connecting:
            if self._client is None:
                client = ProducerClient(self._settings)
                try:
                    await apart(client.start())
                except BaseException:
                    self._background(client.dispose())
                    raise
                self._client = client
            return self._client

    def _give_up(self, client: ProducerClient | None, error: Exception) -> None:
        """Another publisher may have replaced it already; then there is nothing to do."""
        if client is None or client is not self._client:
            return
        self._client = None
        self._metrics.producer_replaced.inc()
        log.warning("producer.replaced", reason=reason_of(error))
        self._background(client.dispose())

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._disposals.add(task)
        task.add_done_callback(self._disposals.discard)


@asynccontextmanager
async def open_producer(settings: KafkaSettings, metrics: Metrics = METRICS) -> AsyncIterator[Producer]:
    """A producer that is closed, within its stop time-out, at the end."""
    producer = Producer(settings, metrics)
    try:
        yield producer
    finally:
        await producer.close()
