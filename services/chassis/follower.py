"""Reads a topic without a group: each process reads all of it, from some time before it began, and commits nothing.

For what a process holds in memory alone. Trouble with the brokers is waited out: one client after the other, each
goes on where the one before had come to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.chassis import consumer_records, kafka_connections
from services.chassis.backoff import Backoff
from services.chassis.consumer_records import Suspicion
from services.chassis.deadletters import reason_of
from services.chassis.delivery import Record
from services.chassis.kafka_access import access
from services.chassis.retry import apart, pause, unless
from services.chassis.settings import KafkaSettings

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
REST_SECONDS = 0.02
"""After records: those that come alone are taken at once, those that stream in together. An answer of the broker costs
more than what is in it.
"""


class Sink(Protocol):
    """What is read goes here, one call at a time; none may raise."""

    def begin(self, partitions: int) -> None:
        """The topic has so many partitions, and reading begins, or goes on."""
        ...

    def place(self, partition: int) -> int | None:
        """The offset to go on from; None where nothing of the partition has been read."""
        ...

    def start(self, partition: int, offset: int) -> None:
        """Reading goes on here, and not at `place`: what was before it is not known, or is no more."""
        ...

    def take(self, records: Sequence[Record]) -> None:
        """The next records, of each partition in its order."""
        ...

    def caught_up(self) -> None:
        """All that had been said when reading began has been taken."""
        ...


async def follow(settings: KafkaSettings, topic: str, sink: Sink, stop: asyncio.Event, *, since_seconds: float) -> None:
    """Reads until `stop`; of a partition that was not read yet, what was said in the last `since_seconds`, too."""
    backoff = Backoff()
    while not stop.is_set():
        client = _Client(settings, topic)
        try:
            await unless(client.read(sink, since_seconds, backoff), stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, another client begins where this one had come to
            delay = backoff.next()
            log.warning("follower.starting_over", topic=topic, reason=reason_of(error), retry_in_s=round(delay, 3))
            await pause(delay, stop)
        finally:
            await client.stop()


class _Client:
    """One life of an aiokafka consumer without a group. Not reusable after `stop`."""

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        consumer_records.install()
        kafka_connections.install()
        self._settings = settings
        self._topic = topic
        self._kafka = AIOKafkaConsumer(
            **access(settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            request_timeout_ms=int(settings.kafka_request_timeout_seconds * 1000),
            max_partition_fetch_bytes=settings.kafka_fetch_bytes // 4,
            fetch_max_bytes=settings.kafka_fetch_bytes,
            check_crcs=Suspicion(),
        )

    async def read(self, sink: Sink, since_seconds: float, backoff: Backoff) -> None:
        """Reads for as long as it goes well. Raises KafkaError, and whatever else the driver has in it."""
        await apart(self._kafka.start())
        ahead = await apart(self._place(sink, since_seconds), self._settings.kafka_request_timeout_seconds)
        while ahead := {each: end for each, end in ahead.items() if await self._kafka.position(each) < end}:
            sink.take(await apart(self._poll()))
        sink.caught_up()
        while True:
            records = await apart(self._poll())
            backoff.attempts = 0
            sink.take(records)
            if records:
                await asyncio.sleep(REST_SECONDS)

    async def _place(self, sink: Sink, since_seconds: float) -> Mapping[TopicPartition, int]:
        """Where each partition ends for now."""
        cluster = await self._kafka._client.fetch_all_metadata()  # noqa: SLF001 - what topics() keeps to itself
        numbers = sorted(cluster.partitions_for_topic(self._topic) or ())
        if not numbers:
            raise KafkaError(f"there is no topic {self._topic}")
        sink.begin(len(numbers))
        partitions = [TopicPartition(self._topic, number) for number in numbers]
        self._kafka.assign(partitions)
        since = round((time.time() - since_seconds) * 1000)
        recent = await self._kafka.offsets_for_times(dict.fromkeys(partitions, since))
        begins, ends = await self._kafka.beginning_offsets(partitions), await self._kafka.end_offsets(partitions)
        for each in partitions:
            place, end = sink.place(each.partition), ends[each]
            if place is None or not begins[each] <= place <= end:
                place = end if recent[each] is None else min(recent[each].offset, end)
                sink.start(each.partition, place)
            self._kafka.seek(each, place)
        return dict(ends)

    async def _poll(self) -> list[Record]:
        found = await self._kafka.getmany(
            timeout_ms=int(POLL_SECONDS * 1000), max_records=self._settings.kafka_max_batch
        )
        for task in (self._kafka._fetcher._fetch_task, self._kafka._client._sync_task):  # noqa: SLF001 - it tells nobody
            if task.done():
                raise KafkaError(f"{task.get_coro().__qualname__} has ended")
        return [record for records in found.values() for record in records]

    async def stop(self) -> None:
        """Ends it, within the stop time-out."""
        try:
            await apart(self._kafka.stop(), self._settings.kafka_stop_timeout_seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, this client is done for
            log.warning("follower.stop_cut_short", reason=reason_of(error))
