"""Ledgers on the stack's own database: each with a pool of its own, as replicas are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from docuvault_contracts.cloudevents import OBSERVED_NS, Message
from msgspec.structs import replace
from pydantic import SecretStr

from services.chassis.delivery import Delivery, Origin
from services.chassis.errors import Transient
from services.chassis.migrations import migrate
from services.chassis.outbox import Outbox
from services.chassis.postgres import Connection, open_pool
from services.chassis.settings import DatabaseSettings
from services.quota.events import decision_message
from services.quota.model import Decided, Deleted, Fact, Observed
from services.quota.store import PgAccounts, PgLedger

_offsets = count(1)
RETRIES = 50


@asynccontextmanager
async def open_ledgers(database_url: str, replicas: int) -> AsyncIterator[list[Replica]]:
    """That many replicas on the migrated schema."""
    async with AsyncExitStack() as exits:
        settings = DatabaseSettings(database_url=SecretStr(database_url), database_pool_size=4)
        pools = [await exits.enter_async_context(open_pool(settings)) for _ in range(replicas)]
        await migrate(pools[0], "services.quota")
        yield [Replica(pool) for pool in pools]


class NotedOutbox(Outbox):
    """The outbox itself, with a copy of what was put into it: a relay of the stack may drain the table at once."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[Message] = []

    async def add(self, connection: Connection, messages: Sequence[Message]) -> None:
        await super().add(connection, messages)
        self.added += messages


class Replica:
    """A ledger, its accounts, and a look behind them."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.pool = pool
        self.outbox = NotedOutbox()
        self.ledger = PgLedger(pool, self.outbox)
        self.accounts = PgAccounts(pool, self.outbox)

    async def settle(self, batch: Sequence[Delivery[Fact]]) -> Sequence[Decided]:
        """As the consumer does: stays on the batch while the trouble may pass."""
        return await patiently(lambda: self.ledger.settle(batch))

    async def account(self, limit: int) -> UUID:
        """A fresh user with that limit."""
        user = uuid4()
        await self.accounts.set_limit(user, limit)
        return user

    async def used(self, user: UUID) -> int:
        """The account's bytes in use, which must be what its reservations add up to."""
        account = await self.accounts.get(user)
        used = account.used_bytes if account else 0
        total = await self.value(
            "SELECT coalesce(sum(size_bytes), 0)::bigint FROM reservations WHERE user_id = $1", user
        )
        assert used == total
        return used

    async def value(self, sql: str, *arguments: object) -> Any:
        """One value of the database."""
        return await self.pool.fetchval(sql, *arguments)


async def patiently(settle: Callable[[], Awaitable[Sequence[Decided]]]) -> Sequence[Decided]:
    """Retries what may pass, a bounded number of times."""
    for attempt in range(RETRIES):
        try:
            return await settle()
        except Transient:
            await asyncio.sleep(0.01 * attempt)
    raise AssertionError("it never passed")


def observed(user: UUID, size: int, etag: str = "a", at: int = 100, like: Observed | None = None) -> Observed:
    """Bytes under a fresh key of the user, or under the key of another observation."""
    if like is not None:
        return Observed(like.object_key, like.document_id, user, etag, size, at)
    document = uuid4()
    return Observed(f"{user}/{document}/{uuid4()}.bin", document, user, etag, size, at)


def deleted(fact: Observed) -> Deleted:
    """The document of an observation, deleted."""
    return Deleted(fact.object_key, fact.document_id, fact.user_id)


def delivery(fact: Fact, topic: str = "storage.events") -> Delivery[Fact]:
    """The fact as a record of its own."""
    return Delivery(fact, Origin(topic, 0, next(_offsets)))


def states(decided: Sequence[Decided]) -> list[str]:
    """The states that were decided, in order."""
    return [each.decision.state for each in decided]


def messages(decided: Sequence[Decided]) -> list[Message]:
    """What is said of them, but for the time of the newest bytes seen: it may have grown when it is said again."""
    return [_timeless(decision_message(each)) for each in decided]


def _timeless(message: Message) -> Message:
    return replace(message, headers=tuple(each for each in message.headers if each[0] != OBSERVED_NS))
