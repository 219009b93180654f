"""A service's membership in a consumer group: polls, commits and rewinds, and joins anew whenever its client fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition

from services.chassis.backoff import Backoff
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_client import ConsumerClient, Mark
from services.chassis.consumer_records import Suspicion
from services.chassis.deadletter_budget import DeadLetterBudget
from services.chassis.deadletter_cap import DeadLetterCap
from services.chassis.errors import Transient
from services.chassis.kafka_connections import reason_of
from services.chassis.retry import apart
from services.chassis.settings import KafkaSettings

A = TypeVar("A")

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0


class BatchLost(Exception):
    """The batch's partitions went to another member before its offsets were committed; drop it."""


class Consumer:
    """Reads `topics` as a member of `group`; connects in `poll`, and anew after trouble, so no start needs a broker."""

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[str]) -> None:
        self._settings = settings
        self._group = group
        self._topics = tuple(topics)
        self._suspicion = Suspicion()
        budget = DeadLetterBudget(settings.kafka_dead_letter_limit, settings.kafka_dead_letter_window_seconds)
        self.cap = DeadLetterCap(budget, group)
        self._client: ConsumerClient | None = None
        self._trouble = ""

    @property
    def stuck_after_seconds(self) -> float:
        """How long records may wait without a commit or a known trouble before the watchdog ends the process."""
        return self._settings.kafka_stuck_after_seconds

    @property
    def joined(self) -> bool:
        """Whether it is a member of its group now."""
        return self._client is not None

    async def poll(self) -> Batch:
        """The next records, waiting for them as long as it takes; trouble with the brokers is waited out.

        Who is cancelled in here loses nothing: records that had just come are given by the next poll.
        """
        backoff = Backoff()
        while True:
            try:
                client = await self._joined()
                batch = await apart(client.poll(POLL_SECONDS), unclaimed=self.rewind)
            except Exception as error:  # noqa: BLE001 - whatever it is, records may be lost to this client's position
                await self._start_over(error, backoff.next())
            else:
                if batch.records:
                    return batch
                backoff = Backoff()

    async def commit(self, batch: Batch) -> None:
        """Commits the offsets after `batch`. Raises BatchLost after a rebalance, Transient for any other trouble."""
        client = self._client
        if client is None or batch.lost.is_set():
            raise BatchLost("revoked before the commit")
        try:
            await apart(client.commit(batch), self._settings.kafka_request_timeout_seconds)
        except (CommitFailedError, IllegalStateError) as error:
            raise BatchLost(f"{type(error).__name__}: {error}") from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"kafka: {reason_of(error)}") from error

    def rewind(self, batch: Batch) -> None:
        """Makes the next poll give `batch` again; where it is lost, the next assignment starts there by itself."""
        if self._client is not None and not batch.lost.is_set():
            self._client.rewind(batch)

    async def ping(self) -> None:
        """For a readiness check: in its group, not halted by dead letters, and a broker answers. Raises Transient."""
        self.cap.check()
        await self._asked(lambda client: client.ping())

    async def behind(self) -> Mapping[TopicPartition, int]:
        """Per assigned partition, how many records are yet to be polled. Raises Transient where nobody can tell."""
        return await self._asked(lambda client: client.behind())

    async def end_of(self, topic: str, key: bytes) -> Mark:
        """Where the next record of `key` will stand in `topic`. Raises Transient."""
        return await self._asked(lambda client: client.end_of(topic, key))

    async def has_committed(self, mark: Mark) -> bool:
        """Whether the group, on whatever replica, has settled all that stood before `mark`. Raises Transient."""
        return await self._asked(lambda client: client.has_committed(mark))

    async def _asked(self, question: Callable[[ConsumerClient], Coroutine[object, object, A]]) -> A:
        if self._client is None:
            raise Transient(f"kafka: group {self._group} is not joined{self._trouble and f': {self._trouble}'}")
        try:
            return await apart(question(self._client), self._settings.kafka_request_timeout_seconds)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"kafka: {reason_of(error)}") from error

    async def close(self) -> None:
        """Leaves the group, so that others take over at once; bounded by the stop time-out."""
        client, self._client = self._client, None
        if client is not None:
            await client.stop()

    async def _joined(self) -> ConsumerClient:
        if self._client is None:
            client = ConsumerClient(self._settings, self._group, self._topics, self._suspicion)
            try:
                await apart(client.start())
            except BaseException:
                await client.stop()
                raise
            self._client, self._trouble = client, ""
        return self._client

    async def _start_over(self, error: Exception, delay: float) -> None:
        """A new client starts from the committed offsets: a failed poll may have moved the old one past records."""
        self._trouble = reason_of(error)
        log.warning("consumer.rejoining", group=self._group, reason=self._trouble, retry_in_s=round(delay, 3))
        await self.close()
        await asyncio.sleep(delay)


@asynccontextmanager
async def open_consumer(settings: KafkaSettings, *, group: str, topics: Sequence[str]) -> AsyncIterator[Consumer]:
    """A consumer that leaves its group, within its stop time-out, at the end."""
    consumer = Consumer(settings, group, topics)
    try:
        yield consumer
    finally:
        await consumer.close()
