"""A stack as somebody starts it who wants it secure, and what its Kafka has kept."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from deploy.local.info import StackInfo
from deploy.local.stack import Stack, StackSettings

KEPT = TopicPartition("users", 0)


def secured(stack: Stack) -> Stack:
    """The same stack, asked to be secure."""
    return Stack(StackSettings(**{**stack.settings.model_dump(), "secure": True}))


async def keep_a_record(info: StackInfo) -> None:
    """Writes one."""
    async with AIOKafkaProducer(**info.kafka, acks="all") as producer:
        await producer.send_and_wait(KEPT.topic, b"kept", partition=KEPT.partition)


async def kept_records(info: StackInfo) -> int:
    """How many there are."""
    async with AIOKafkaConsumer(**info.kafka) as consumer:
        return int((await consumer.end_offsets([KEPT]))[KEPT])
