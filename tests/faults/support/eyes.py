"""Which effects of a process can be seen from outside, while it stands still or is dead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from docuvault_contracts import topics

from tests.faults.support.site import Site
from tests.faults.support.wire import Wire, open_wire


class Eyes:
    """Looks at tables, topics and the bucket; of a transaction that is still open nothing can be seen."""

    def __init__(self, site: Site, connection: asyncpg.Connection[asyncpg.Record], wire: Wire) -> None:
        self._site = site
        self._connection = connection
        self.wire = wire

    async def rows(self, table: str, user_id: UUID, condition: str = "true") -> int:
        """How many rows of a user there are."""
        query = f"SELECT count(*) FROM {table} WHERE user_id = $1 AND {condition}"  # noqa: S608 - the tests' own
        return int(await self._connection.fetchval(query, user_id))

    async def kept(self, service: str) -> int:
        """How many messages wait in the outbox of a service."""
        return int(await self._connection.fetchval(f"SELECT count(*) FROM {service}.outbox"))  # noqa: S608 - likewise

    async def said(self, topic: topics.Topic, type_: str, user_id: UUID) -> int:
        """How many records say such an event about a user."""
        about = str(user_id).encode()
        return sum(
            dict(record.headers).get("ce_type") == type_.encode() and about in (record.value or b"")
            for record in await self.wire.read(topic.name)
        )

    async def objects(self, user_id: UUID) -> int:
        """How many objects of a user the store holds."""
        return len(await self._site.bucket.of(user_id))


@asynccontextmanager
async def open_eyes(site: Site) -> AsyncIterator[Eyes]:
    """Connects as a reader of everything."""
    connection = await asyncpg.connect(site.info.databases["audit"])
    try:
        async with open_wire(site.info) as wire:
            yield Eyes(site, connection, wire)
    finally:
        await connection.close()
