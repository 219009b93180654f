"""Hands a broker record batches as they are: what no producer would send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.structs import TopicPartition

from deploy.local.kafka_reach import Reach

TIMEOUT_MS = 10_000


class RawProducer:
    """A connection to the leaders of partitions."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send(self, topic: str, partition: int, batch: bytes) -> int:
        """The offset of the batch's first record. Raises the KafkaError that the broker refuses it with."""
        await self._producer.partitions_for(topic)
        client = self._producer.client
        request = ProduceRequest(
            transactional_id=None, required_acks=-1, timeout=TIMEOUT_MS, topics=[(topic, [(partition, batch)])]
        )
        answer: Any = await client.send(client.cluster.leader_for_partition(TopicPartition(topic, partition)), request)
        _, ((_, code, offset, *_),) = answer.topics[0]
        if code:
            raise for_code(code)(f"{topic}/{partition}: refused with error code {code}")
        return int(offset)


@asynccontextmanager
async def raw_producer(reach: Reach) -> AsyncIterator[RawProducer]:
    """Connects to a broker."""
    producer = AIOKafkaProducer(**reach)
    await producer.start()
    try:
        yield RawProducer(producer)
    finally:
        await producer.stop()
