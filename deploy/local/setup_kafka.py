"""The topics, as the contracts declare them."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from docuvault_contracts.topics import ALL, Topic

from deploy.local.errors import StackError

ALREADY_EXISTS = 36


async def setup_kafka(port: int, topics: Sequence[Topic] = ALL) -> None:
    """Makes the topics that are missing, and gives those there the declared configuration and more partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}")
    await admin.start()
    try:
        await _create(admin, topics)
        await _configure(admin, topics)
        await _widen(admin, topics)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    present = set(await admin.list_topics())
    missing = [_new(topic) for topic in topics if topic.name not in present]
    if missing:
        answer = await admin.create_topics(missing)
        _check((topic, code) for topic, code, *_ in answer.topic_errors)


def _new(topic: Topic) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, 1, topic_configs=_configuration(topic))


def _configuration(topic: Topic) -> dict[str, str]:
    segments = {} if topic.segment_ms is None else {"segment.ms": str(topic.segment_ms)}
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
        "min.insync.replicas": "1",
        **segments,
    }


async def _configure(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    kind = ConfigResourceType.TOPIC
    for answer in await admin.alter_configs([ConfigResource(kind, one.name, _configuration(one)) for one in topics]):
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
