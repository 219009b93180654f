"""Watches the consumer groups from outside: how far behind each is, and how old what it has not settled.

A group cannot say so itself: one that is down, hung or without a partition is silent, and its last word is out of date.
Every replica of the janitor looks, so that one that is stopped blinds nobody. What the numbers mean: watch_rules.py.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from services.chassis import consumer_records, kafka_connections
from services.chassis.age import Age
from services.chassis.consumer_records import Suspicion
from services.chassis.deadletters import reason_of
from services.chassis.delivery import Record
from services.chassis.group_offsets import committed
from services.chassis.kafka_access import access
from services.chassis.retry import apart, pause, unless
from services.chassis.settings import KafkaSettings
from services.janitor.metrics import GROUP_AGE, GROUP_LAG, GROUP_PLACE, OPEN_LETTERS, UNDER_REPLICATED
from services.janitor.watch_letters import GROUPS as LETTERS_OF
from services.janitor.watch_letters import JOURNAL, Notes
from services.janitor.watch_rules import (
    GROUPS,
    At,
    Place,
    lag_of,
    progress_of,
    runs,
    under_replicated,
    unsettled,
    written_at,
)

log = structlog.get_logger(__name__)

LETTERS = tuple(LETTERS_OF)
LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
"""The longest a look at one group may take."""
CLOSE_SECONDS = 2.0
FETCH_BYTES = 64 * 1024
"""Of one partition: its first record is all that is wanted, and a larger one comes whole."""
POLL_MS = 200


async def watch_groups(settings: KafkaSettings, stop: asyncio.Event, *, look_seconds: float = LOOK_SECONDS) -> None:
    """Looks until `stop`. While Kafka is away the ages grow: nothing that is put then is settled, either."""
    ages, notes = {group: Age() for group in GROUPS}, Notes()
    for group, age in ages.items():
        GROUP_AGE.labels(group).set_function(age)
    while not stop.is_set():
        client = Client(settings)
        try:
            await unless(_look_on(client, ages, notes, look_seconds), stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, another client looks again
            log.warning("janitor.groups_unseen", reason=reason_of(error))
            UNDER_REPLICATED.set(math.nan)
            await pause(look_seconds, stop)
        finally:
            await client.close()


async def _look_on(client: Client, ages: Mapping[str, Age], notes: Notes, look_seconds: float) -> None:
    """Raises whatever the driver does."""
    await apart(client.start(), PATIENCE_SECONDS)
    while True:
        for group, age in ages.items():
            places = await apart(client.places(group), PATIENCE_SECONDS)
            if not runs(group, places):
                age.seen(0.0)
                continue
            firsts = await apart(client.records(unsettled(places)), PATIENCE_SECONDS)
            age.seen(max((time.time() - written_at(record) for record in firsts.values()), default=0.0))
            for topic in GROUPS[group]:
                GROUP_LAG.labels(group, topic).set(lag_of(places, topic))
                GROUP_PLACE.labels(group, topic).set(progress_of(places, topic))
        for group, count in (await apart(client.letters(notes), PATIENCE_SECONDS)).items():
            OPEN_LETTERS.labels(group).set(count)
        UNDER_REPLICATED.set(under_replicated(await apart(client.partitions(), PATIENCE_SECONDS)))
        await asyncio.sleep(look_seconds)


class Client:
    """Reads what anybody may read; joins no group and commits nothing. Not reusable after `close`."""

    def __init__(self, settings: KafkaSettings) -> None:
        consumer_records.install()
        kafka_connections.install()
        ms, reached = int(settings.kafka_request_timeout_seconds * 1000), access(settings)
        self._admin = AIOKafkaAdminClient(**reached, request_timeout_ms=ms)
        self._consumer = AIOKafkaConsumer(
            **reached,
            request_timeout_ms=ms,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            check_crcs=Suspicion(1),
        )

    async def start(self) -> None:
        """Connects. Raises KafkaError."""
        await self._admin.start()
        await self._consumer.start()

    async def places(self, group: str) -> Mapping[At, Place]:
        """Where the group stands in each partition that it reads.

        What it has committed is asked first: a record that is settled meanwhile is young.
        """
        done = await committed(self._admin, group)
        offsets = {(at.topic, at.partition): found.offset for at, found in done.items() if found.offset >= 0}
        bounds = await self._bounds(GROUPS[group])
        return {at: Place(first, end, offsets.get(at)) for at, (first, end) in bounds.items()}

    async def letters(self, notes: Notes) -> Mapping[str, int]:
        """How many dead letters of each group are open, once `notes` has all of the journal. A letter comes first."""
        bounds = await self._bounds(LETTERS)
        for (topic, partition), (first, end) in (await self._bounds([JOURNAL])).items():
            at = TopicPartition(topic, partition)
            self._consumer.assign([at])
            self._consumer.seek(at, max(first, min(notes.read, end)))
            while await self._consumer.position(at) < end:
                for records in (await self._consumer.getmany(timeout_ms=POLL_MS)).values():
                    notes.take(records)
        self._consumer.assign([])
        return notes.open(bounds)

    async def partitions(self) -> Sequence[Mapping[str, Any]]:
        """Of all topics there are, as Kafka describes them: with the brokers that have them, and should."""
        return [each for topic in await self._admin.describe_topics() for each in topic["partitions"]]

    async def _bounds(self, names: Sequence[str]) -> Mapping[At, tuple[int, int]]:
        """The first offset there is and the next to be written, of each partition."""
        wanted = [
            TopicPartition(topic["topic"], each["partition"])
            for topic in await self._admin.describe_topics(list(names))
            for each in topic["partitions"]
        ]
        firsts, ends = await self._consumer.beginning_offsets(wanted), await self._consumer.end_offsets(wanted)
        return {(at.topic, at.partition): (firsts[at], ends[at]) for at in wanted}

    async def records(self, wanted: Mapping[At, int]) -> Mapping[At, Record]:
        """The record at each of these places, or the first there is after it; waits for all of them."""
        found: dict[At, Record] = {}
        self._consumer.assign([TopicPartition(*at) for at in wanted])
        for at, offset in wanted.items():
            self._consumer.seek(TopicPartition(*at), offset)
        while len(found) < len(wanted):
            for at, records in (await self._consumer.getmany(timeout_ms=POLL_MS)).items():
                found.setdefault((at.topic, at.partition), records[0])
        self._consumer.assign([])  # not unsubscribe(), at which the driver's fetching ends for good
        return found

    async def close(self) -> None:
        """Ends it, within its time."""
        for close in (self._consumer.stop, self._admin.close):
            with suppress(Exception):  # it may be half open, or never have been
                await apart(close(), CLOSE_SECONDS)
