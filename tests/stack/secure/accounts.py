"""The accounts of a secure stack's Kafka, as somebody uses them who has their passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.credentials import load_credentials
from deploy.local.kafka_reach import Reach, kafka_environment, reach
from deploy.local.stack import Stack


class Accounts:
    """By account: what a service knows of how Kafka is reached, and what it may be told otherwise."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def environment(self, account: str, **changes: str) -> Mapping[str, str]:
        """The settings of a service."""
        return kafka_environment(self._stack.settings, load_credentials(self._stack.layout), account) | changes

    def reach(self, account: str, **changes: str) -> Reach:
        """What a client is told."""
        return reach(self.environment(account, **changes))

    @asynccontextmanager
    async def producer(self, account: str, **changes: Any) -> AsyncIterator[AIOKafkaProducer]:
        """Connected."""
        producer = AIOKafkaProducer(**{**self.reach(account), **changes})
        try:
            await producer.start()
            yield producer
        finally:
            await producer.stop()

    @asynccontextmanager
    async def consumer(self, account: str, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
        """Connected; a member of no group."""
        consumer = AIOKafkaConsumer(
            **self.reach(account), group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def admin(self, account: str) -> AsyncIterator[AIOKafkaAdminClient]:
        """Connected."""
        admin = AIOKafkaAdminClient(**self.reach(account))
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()
