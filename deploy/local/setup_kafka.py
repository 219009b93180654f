"""The topics, as the contracts declare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from docuvault_contracts.topics import ALL, Topic

from deploy.local.errors import StackError
from deploy.local.kafka_reach import Reach

ALREADY_EXISTS = 36


@dataclass(frozen=True, slots=True)
class Copies:
    """How often every record is kept, and on how many brokers it must be before it is acknowledged."""

    all: int
    in_sync: int


def copies_of(brokers: int) -> Copies:
    """On each broker, and acknowledged by all but one: then any one may be away, or lost, at any time."""
    return Copies(brokers, max(1, brokers - 1))


async def setup_kafka(reach: Reach, topics: Sequence[Topic] = ALL, brokers: int = 1) -> None:
    """Makes the topics that are missing, and gives those there the declared configuration and more partitions.

    `reach`: what a client of aiokafka is told of how Kafka is reached.
    """
    copies = copies_of(brokers)
    admin = AIOKafkaAdminClient(**reach)
    await admin.start()
    try:
        await _create(admin, topics, copies)
        await _configure(admin, topics, copies)
        await _widen(admin, topics)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], copies: Copies) -> None:
    present = set(await admin.list_topics())
    missing = [_new(topic, copies) for topic in topics if topic.name not in present]
    if missing:
        answer = await admin.create_topics(missing)
        _check((topic, code) for topic, code, *_ in answer.topic_errors)


def _new(topic: Topic, copies: Copies) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, copies.all, topic_configs=_configuration(topic, copies))


def _configuration(topic: Topic, copies: Copies) -> dict[str, str]:
    segments = {} if topic.segment_ms is None else {"segment.ms": str(topic.segment_ms)}
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
        "min.insync.replicas": str(copies.in_sync),
        **segments,
    }


async def _configure(admin: AIOKafkaAdminClient, topics: Sequence[Topic], copies: Copies) -> None:
    kind = ConfigResourceType.TOPIC
    wanted = [ConfigResource(kind, one.name, _configuration(one, copies)) for one in topics]
    for answer in await admin.alter_configs(wanted):
        _check((name, code) for code, _, _, name in answer.resources)


async def _widen(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    """Adds partitions where there are fewer than declared. More than declared stay: a topic cannot be narrowed."""
    described = await admin.describe_topics([topic.name for topic in topics])
    present = {one["topic"]: len(one["partitions"]) for one in described}
    wider = {one.name: NewPartitions(one.partitions) for one in topics if present[one.name] < one.partitions}
    if wider:
        answer = await admin.create_partitions(wider)
        _check((name, code) for name, code, *_ in answer.topic_errors)


def _check(outcomes: object) -> None:
    for name, code in outcomes:  # type: ignore[attr-defined]
        if code not in {0, ALREADY_EXISTS}:
            raise StackError(f"Kafka refuses the topic {name}: error code {code}")
