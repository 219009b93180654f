"""The way to the ledger and back: what a confirm tells it, and how far this service has listened to it.

How an absence is told from a removal: the janitor removes an object on the ledger's word, so by the time the object is
gone that word stands in Kafka, before the end of its partition. Once this service's group, on whatever replica, has
committed up to there, the row says what became of the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from docuvault_contracts.cloudevents import Message
from docuvault_contracts.topics import QUOTA

from services.chassis.consumer import Consumer, Mark
from services.chassis.producer import Publisher


class KafkaLedger:
    """Ledger over this replica's producer and its membership in the service's group."""

    def __init__(self, producer: Publisher, consumer: Consumer) -> None:
        self._producer = producer
        self._consumer = consumer

    async def publish(self, messages: Sequence[Message], /) -> None:
        """See Ledger."""
        await self._producer.publish(messages)

    async def mark(self, document_id: UUID) -> Mark:
        """See Ledger."""
        return await self._consumer.end_of(QUOTA.name, str(document_id).encode())

    async def heard(self, mark: Mark) -> bool:
        """See Ledger."""
        return await self._consumer.has_committed(mark)
