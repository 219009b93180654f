"""Kafka away and back again, and how far a consumer group is behind what the store has put."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from docuvault_contracts.topics import Topic

from benchmarks.model import BenchError
from benchmarks.site import Site
from deploy.local.errors import StackError
from deploy.ops.kafka import Kafka, open_kafka

BACK_SECONDS = 60.0
DRAIN_SECONDS = 1800.0
QUIET_SECONDS = 4.0
"""After which the store, which delivers on a tick of 3 s, has nothing more to say."""
RETRY_SECONDS = 0.1
LOOK_SECONDS = 0.2


class Look(NamedTuple):
    """At `seconds` of some clock: how many records a topic got since the start, and how many a group has not read."""

    seconds: float
    told: int
    lag: int


@asynccontextmanager
async def away(site: Site) -> AsyncIterator[None]:
    """Kafka is stopped inside; at the end it is started, and may take a while to answer."""
    supervisor = site.stack.supervisor
    await asyncio.to_thread(supervisor.stop, "kafka")
    try:
        yield
    finally:
        await asyncio.to_thread(supervisor.start, "kafka")


async def back(site: Site) -> None:
    """Returns once Kafka answers again. Raises BenchError where it does not in time."""
    end = time.monotonic() + BACK_SECONDS
    while True:
        try:
            async with open_kafka(site.info.kafka) as kafka:
                await kafka.partitions()
        except StackError as error:
            if time.monotonic() > end:
                raise BenchError(f"Kafka does not come back: {error}") from error
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


class Following:
    """A group and a topic that it reads, watched from outside; `start` is how many records there were at first."""

    def __init__(self, kafka: Kafka, group: str, topic: Topic, start: int = 0) -> None:
        self._kafka = kafka
        self._group = group
        self._topic = topic
        self.start = start

    async def look(self) -> Look:
        """How it stands now; the commits are asked for first, so that nobody seems to be further than they are."""
        committed = await self._kafka.committed(self._group)
        bounds = await self._kafka.bounds([self._topic.name])
        lags = (end - max(first, committed[at].offset if at in committed else 0) for at, (first, end) in bounds.items())
        return Look(time.monotonic(), sum(end for _, end in bounds.values()) - self.start, sum(lags))

    async def until_at_rest(self, records: int) -> list[Look]:
        """The looks until at least so many records are there and read, and no more come. Raises BenchError."""
        looks: list[Look] = []
        end = time.monotonic() + DRAIN_SECONDS
        while not looks or looks[-1].seconds - (drained_at(looks, records) or looks[-1].seconds) < QUIET_SECONDS:
            if time.monotonic() > end:
                raise BenchError(f"{self._group}: of {records} records {looks[-1].told} came, {looks[-1].lag} unread")
            await asyncio.sleep(LOOK_SECONDS)
            looks.append(await self.look())
        return looks


def drained_at(looks: Sequence[Look], records: int) -> float | None:
    """Since when, to the last look, all has been there, at least so many records, and read; None where it is not."""
    since = None
    for look in reversed(looks):
        if look.told != looks[-1].told or look.lag:
            break
        since = look.seconds
    return since if looks and looks[-1].told >= records else None


@asynccontextmanager
async def following(site: Site, group: str, topic: Topic, start: int | None = None) -> AsyncIterator[Following]:
    """Counts records from the topic's end on, or from where it had `start` records."""
    async with open_kafka(site.info.kafka) as kafka:
        if start is None:
            start = (await Following(kafka, group, topic).look()).told
        yield Following(kafka, group, topic, start)
