"""Reads what streams are to tell: what several want at the same time is read together, of connected users alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol
from uuid import UUID

import asyncpg

from services.chassis.gather import Gather
from services.chassis.postgres import load_sql, translated
from services.upload.document import Document
from services.upload.live.events import Quota
from services.upload.rows import from_row

SQL = load_sql("services.upload")
AT_ONCE = 20
"""Looks of so many streams in one statement; of a stream's documents talk.py takes so many that it stays short."""


@dataclass(slots=True)
class Look:
    """What a stream wants to know of its own user's things, and what was found; what is not theirs is not found."""

    user_id: UUID
    document_ids: Collection[UUID]
    wants_quota: bool
    documents: list[Document] = field(default_factory=list)
    quota: Quota | None = None


class Eyes(Protocol):
    """Fills looks."""

    async def see(self, look: Look) -> Look:
        """The look, filled. Raises Transient."""
        ...


class PgEyes:
    """Eyes over the tables `documents` and `accounts`."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._looking: Gather[Look] = Gather(self._see, writers=1, most=AT_ONCE)

    async def see(self, look: Look) -> Look:
        """See Eyes."""
        await self._looking.put(look)
        return look

    async def _see(self, looks: Sequence[Look]) -> None:
        """All of them, by one statement a table. It may be asked again about looks that were filled."""
        documents = {(found.user_id, found.id): found for found in await self._documents(looks)}
        quotas = await self._quotas({look.user_id for look in looks if look.wants_quota})
        for look in looks:
            keys = ((look.user_id, document_id) for document_id in look.document_ids)
            look.documents = [documents[key] for key in keys if key in documents]
            look.quota = quotas.get(look.user_id) if look.wants_quota else None

    async def _documents(self, looks: Sequence[Look]) -> list[Document]:
        wanted = list(chain.from_iterable(((each, look.user_id) for each in look.document_ids) for look in looks))
        if not wanted:
            return []
        with translated():
            rows = await self._pool.fetch(SQL["live_documents"], *map(list, zip(*wanted, strict=True)))
        return [from_row(row) for row in rows]

    async def _quotas(self, users: Collection[UUID]) -> dict[UUID, Quota]:
        if not users:
            return {}
        with translated():
            rows = await self._pool.fetch(SQL["live_accounts"], list(users))
        return {row["user_id"]: Quota(row["used_bytes"], row["limit_bytes"], row["in_flight_bytes"]) for row in rows}
