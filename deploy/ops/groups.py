"""Consumer groups from outside: who is in them, where they stand, and how they are set to another place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalGenerationError, KafkaError, RebalanceInProgressError, UnknownMemberIdError

from deploy.local.errors import StackError
from deploy.local.kafka_reach import Reach
from deploy.ops.audit_servers import READERS
from deploy.ops.kafka import CLOSE_SECONDS, REQUEST_MS, TIMEOUT_SECONDS, Kafka, answer
from services.chassis.retry import apart

_JOINED = (IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError)
"""What a broker says to an outsider's commit where the group has members."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a group stands in a partition: the first offset there is, the next to be written, what it has committed."""

    topic: str
    partition: int
    first: int
    end: int
    committed: int | None

    @property
    def lag(self) -> int:
        """How many records it has not read."""
        return self.end - max(self.first, self.committed or 0)

    @property
    def at(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it is: how many members it has, and where it stands in every partition of the topics it reads."""

    name: str
    members: int
    standings: Sequence[Standing]


async def look(kafka: Kafka, name: str) -> Group:
    """The group and its place in each topic that it reads. Raises StackError."""
    bounds = await kafka.bounds([topic.name for topic in READERS[name]])
    committed = {at: each.offset for at, each in (await kafka.committed(name)).items() if each.offset >= 0}
    standings = [
        Standing(at.topic, at.partition, first, end, committed.get(at)) for at, (first, end) in sorted(bounds.items())
    ]
    return Group(name, await kafka.members(name), standings)


async def at_time(kafka: Kafka, standings: Iterable[Standing], time_ms: int) -> Mapping[TopicPartition, int]:
    """For each partition, the offset of the first record since then (ms since the epoch); its end without any."""
    ends = {standing.at: standing.end for standing in standings}
    found = await kafka.since([*ends], time_ms)
    return {at: found.get(at, end) for at, end in ends.items()}


async def move(reach: Reach, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    """Commits offsets in the group's name. Raises StackError, also where it has members: they would commit over it."""
    async with _outsider(reach, group) as mover:
        mover.assign([*offsets])
        try:
            await apart(mover.commit(dict(offsets)), TIMEOUT_SECONDS)
        except _JOINED as error:
            raise StackError(f"group {group} has members by now: stop the services first") from error


@asynccontextmanager
async def _outsider(reach: Reach, group: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Knows the group and does not join it."""
    client = AIOKafkaConsumer(**reach, group_id=group, request_timeout_ms=REQUEST_MS, enable_auto_commit=False)
    try:
        await answer(client.start())
        yield client
    finally:
        with suppress(TimeoutError, KafkaError, OSError):
            await apart(client.stop(), CLOSE_SECONDS)
