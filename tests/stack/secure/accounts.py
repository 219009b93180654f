"""The accounts of a secure stack's Kafka, as somebody uses them who has their passwords, and as an operator does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.access import ACCOUNTS, Rule
from deploy.local.credentials import Credentials, load_credentials
from deploy.local.kafka_reach import Reach, kafka_environment, reach
from deploy.local.settings_guests import Guest
from deploy.local.setup_accounts import administrator, exactly, login, permission, result_of, setup_accounts
from deploy.local.stack import Stack

GUESTS = {
    "idp": Guest(writes=frozenset({"users"})),
    "reports": Guest(reads=frozenset({"quota"}), groups=frozenset({"reports"})),
}
ALLOWED = {**ACCOUNTS, **{name: guest.access for name, guest in GUESTS.items()}}
"""What each account may do, those of others included."""


class Accounts:
    """Of one stack. By account: what a service knows of how Kafka is reached, and what it may be told otherwise."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def reach(self, account: str, *, credentials: Credentials | None = None, **changes: str) -> Reach:
        """What a client is told, of the account as it is written down, or as `credentials` have it."""
        found = credentials or load_credentials(self._stack.layout)
        return reach(kafka_environment(self._stack.settings, found, account) | changes)

    @asynccontextmanager
    async def producer(
        self, account: str, *, credentials: Credentials | None = None, **changes: str
    ) -> AsyncIterator[AIOKafkaProducer]:
        """Connected."""
        producer = AIOKafkaProducer(**self.reach(account, credentials=credentials, **changes))
        try:
            await producer.start()
            yield producer
        finally:
            await producer.stop()

    @asynccontextmanager
    async def consumer(self, account: str, group: str) -> AsyncIterator[AIOKafkaConsumer]:
        """Connected; knows the group, and is no member of it."""
        consumer = AIOKafkaConsumer(**self.reach(account), group_id=group, enable_auto_commit=False)
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

    async def settle(self, credentials: Credentials | None = None, **passwords: str) -> None:
        """What `up` does about accounts, all of it; as `credentials` have it, or with some other passwords."""
        found = credentials or load_credentials(self._stack.layout)
        told = replace(found, kafka=found.kafka | passwords)
        await asyncio.to_thread(setup_accounts, self._stack.info.kafka_environment, told, self._stack.settings.guests)

    async def make(self, user: str, password: str, rule: Rule) -> None:
        """A user that is written down nowhere."""
        admin = administrator(self._stack.info.kafka_environment)
        asked = [
            *admin.create_acls([permission(user, rule)]).values(),
            *admin.alter_user_scram_credentials([login(user, password)]).values(),
        ]
        for each in asked:
            await asyncio.to_thread(result_of, each)

    async def take(self, account: str, rule: Rule) -> None:
        """Takes away what an account may do; `settle` gives it back."""
        user = load_credentials(self._stack.layout).kafka_users[account]
        admin = administrator(self._stack.info.kafka_environment)
        [gone] = admin.delete_acls([exactly(permission(user, rule))]).values()
        assert await asyncio.to_thread(result_of, gone), "there was nothing to take away"
