"""What a user's documents suggest: what is filed under nothing, read from PostgreSQL and compared in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

import asyncpg
import numpy as np
from docuvault_contracts.http_topics import MAX_TOPIC_NAME, TopicSuggestion

from services.chassis.postgres import load_sql, translated
from services.classifier.suggest import Suggestion, suggest

SQL = load_sql("services.classifier")

LOOKED_AT = 5000
"""Of a user's newest documents so many are looked at."""
MOST = 500
"""So many are compared: a megabyte of numbers, and less than half a second."""
SHOWN = 5
"""Documents that are named of each suggestion."""
FLOAT_BYTES = 4


class Suggestions(Protocol):
    """Topics that users may want. Raises Transient where the database is away."""

    async def suggest(self, user_id: UUID, taken: Collection[str]) -> Sequence[TopicSuggestion]:
        """By the newest documents that are filed under nothing; none with a name that is `taken`."""
        ...


class PgSuggestions:
    """Suggestions on the table `documents`. One is made at a time: the processor belongs to the documents."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._turn = asyncio.Semaphore(1)

    async def suggest(self, user_id: UUID, taken: Collection[str]) -> Sequence[TopicSuggestion]:
        """See Suggestions."""
        async with self._turn:
            with translated():
                rows = await self._pool.fetch(SQL["unfiled_documents"], user_id, LOOKED_AT, MOST)
            alike = comparable(rows)
            found = await asyncio.to_thread(_suggest, alike, taken)
        return [_shown(each, alike) for each in found]


def comparable(rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
    """Those whose vectors are of the newest one's model: no others can be compared with it."""
    if not rows:
        return ()
    like = rows[0]
    return [row for row in rows if row["vector_of"] == like["vector_of"] and len(row["vector"]) == len(like["vector"])]


def _suggest(rows: Sequence[asyncpg.Record], taken: Collection[str]) -> list[Suggestion]:
    if not rows:
        return []
    vectors = np.frombuffer(b"".join(row["vector"] for row in rows), "<f4").reshape(len(rows), -1)
    return suggest(vectors.astype(np.float32), [row["terms"] for row in rows], taken)


def _shown(found: Suggestion, rows: Sequence[asyncpg.Record]) -> TopicSuggestion:
    return TopicSuggestion(
        name=found.name[:MAX_TOPIC_NAME],
        keywords=found.keywords,
        documents=len(found.members),
        document_ids=tuple(rows[place]["document_id"] for place in found.members[:SHOWN]),
    )
