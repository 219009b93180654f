"""One life of an aiokafka consumer: joined to its group, used until it fails, then left for good.

What aiokafka 0.14 needs and does not do by itself: offsets are committed explicitly; a rebalance, which runs beside our
own work, marks what was polled before it as lost; stop() is bounded, and what it leaves running is ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import TopicPartition

from services.chassis import consumer_records, kafka_connections
from services.chassis.consumer_batch import Batch, batch_of
from services.chassis.consumer_records import Suspicion
from services.chassis.kafka_access import access
from services.chassis.retry import apart
from services.chassis.settings import KafkaSettings

log = structlog.get_logger(__name__)

HEARTBEATS_PER_SESSION = 4
MAX_POLL_INTERVAL_SECONDS = 1800.0
"""A batch in back-off for longer leaves the group and is replayed by whoever gets its partitions."""
_CUT_SECONDS = 1.0
_PARTITIONS_A_FETCH = 4
"""An answer has room for so many partitions that are far behind. What is read of one waits in memory for its turn."""


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Tells batches apart by the assignment they were polled under. Its callbacks await nothing and cannot fail."""

    def __init__(self, group: str) -> None:
        self._group = group
        self.lost = asyncio.Event()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Marks everything that was polled until now as lost."""
        self.lost.set()
        self.lost = asyncio.Event()
        log.info("consumer.revoked", group=self._group, partitions=names(revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Says what this replica reads now."""
        log.info("consumer.assigned", group=self._group, partitions=names(assigned))


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a partition: everything before `offset`."""

    partition: TopicPartition
    offset: int


class ConsumerClient:
    """A member of a consumer group. Not reusable after `stop`."""

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[str], suspicion: Suspicion) -> None:
        consumer_records.install()
        kafka_connections.install()
        session = settings.kafka_session_timeout_seconds
        self._settings = settings
        self._assignment = _Assignment(group)
        self._kafka = AIOKafkaConsumer(
            **access(settings),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
            session_timeout_ms=_ms(session),
            heartbeat_interval_ms=_ms(session / HEARTBEATS_PER_SESSION),
            rebalance_timeout_ms=_ms(session),
            max_poll_interval_ms=_ms(MAX_POLL_INTERVAL_SECONDS),
            request_timeout_ms=_ms(settings.kafka_request_timeout_seconds),
            # A batch of records that is larger comes whole, where it is the first of an answer (KIP-74).
            max_partition_fetch_bytes=settings.kafka_fetch_bytes // _PARTITIONS_A_FETCH,
            fetch_max_bytes=settings.kafka_fetch_bytes,
            check_crcs=suspicion,
        )
        self._kafka.subscribe(topics=list(topics), listener=self._assignment)

    async def start(self) -> None:
        """Connects and waits for partitions, for as long as the caller lets it. Raises KafkaError."""
        await self._kafka.start()

    async def poll(self, seconds: float) -> Batch:
        """What has come, at most `kafka_max_batch` records; an empty batch after `seconds` without any.

        Raises KafkaError, also where the driver has ended a task without which nothing would ever come.
        """
        found = await self._kafka.getmany(timeout_ms=_ms(seconds), max_records=self._settings.kafka_max_batch)
        for task in (self._kafka._fetcher._fetch_task, self._kafka._client._sync_task):  # noqa: SLF001 - it tells nobody
            if task.done():
                raise KafkaError(f"{task.get_coro().__qualname__} has ended")
        return batch_of(found, self._assignment.lost)

    async def commit(self, batch: Batch) -> None:
        """Commits the offsets after `batch`; waits while the coordinator is away. Raises KafkaError."""
        await self._kafka.commit(dict(batch.nexts))

    def rewind(self, batch: Batch) -> None:
        """Makes the next poll give `batch` again, where its partitions are still ours: polling had moved on."""
        for partition, first in batch.firsts.items():
            with suppress(IllegalStateError):
                self._kafka.seek(partition, first)

    async def ping(self) -> None:
        """One round trip to a broker. Raises KafkaError."""
        await self._kafka.topics()

    async def behind(self) -> Mapping[TopicPartition, int]:
        """How many records each assigned partition holds beyond what was polled. Raises KafkaError."""
        partitions = list(self._kafka.assignment())
        ends = await self._kafka.end_offsets(partitions) if partitions else {}
        return {partition: max(0, end - await self._kafka.position(partition)) for partition, end in ends.items()}

    async def end_of(self, topic: str, key: bytes) -> Mark:
        """Where the next record of `key` will stand in `topic`. Raises KafkaError."""
        numbers = sorted(self._kafka.partitions_for_topic(topic) or await self._partitions(topic))
        partition = TopicPartition(topic, DefaultPartitioner()(key, numbers, numbers))
        return Mark(partition, (await self._kafka.end_offsets([partition]))[partition])

    async def _partitions(self, topic: str) -> set[int]:
        await self._kafka.topics()  # fetches what is known of all topics
        return self._kafka.partitions_for_topic(topic) or {0}

    async def has_committed(self, mark: Mark) -> bool:
        """Whether any member of the group has committed all that stood before `mark`. Raises KafkaError."""
        if mark.offset <= (await self._kafka.committed(mark.partition) or 0):
            return True
        begins: int = (await self._kafka.beginning_offsets([mark.partition]))[mark.partition]
        return mark.offset <= begins  # retention took the rest, and there is nothing to commit

    async def stop(self) -> None:
        """Leaves the group, within the stop time-out; what does not end by then is cut off."""
        self._assignment.lost.set()  # what is still on its way will be replayed from the commit, by whoever joins
        try:
            await apart(self._kafka.stop(), self._settings.kafka_stop_timeout_seconds)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("consumer.stop_cut_short", reason=f"{type(error).__name__}: {error}")
        finally:
            await self._cut()

    async def _cut(self) -> None:
        """Ends what an interrupted stop() leaves behind: a heartbeat would keep a dead member in the group."""
        coordinator = self._kafka._coordinator  # noqa: SLF001 - there is no public way to let go of it
        for name in ("_heartbeat_task", "_commit_refresh_task", "_coordination_task"):
            task = getattr(coordinator, name, None)
            if task is not None and not task.done():
                task.cancel()
        for part in (self._kafka._fetcher, self._kafka._client):  # noqa: SLF001 - as above
            with suppress(Exception):  # it may be half open, closed already, or never made
                await apart(part.close(), _CUT_SECONDS)


def names(partitions: Iterable[TopicPartition]) -> list[str]:
    """Says "topic/partition" of each, sorted, for the log."""
    return sorted(f"{partition.topic}/{partition.partition}" for partition in partitions)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
