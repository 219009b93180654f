"""Takes deleted topics off the documents that are filed under them, and tells of each what is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from docuvault_contracts.cloudevents import Message
from docuvault_contracts.events import FiledTopic

from services.chassis.jobs import Job, Lease
from services.chassis.outbox import Outbox
from services.chassis.postgres import load_sql, transaction, translated
from services.classifier.events import classified_message
from services.classifier.topics_store import REMOVAL

log = structlog.get_logger(__name__)
SQL = load_sql("services.classifier")

EVERY_SECONDS = 60.0
"""A deletion has the job run at once; its period is for one that comes just as a run ends."""
SLICE = 200
"""Documents that are written and told of together."""
LONGEST_REST_SECONDS = 1.0
"""After a slice it rests for as long as that took: nobody is in a hurry for it, and others are."""
NOTE = "The topic it was filed under was deleted"


@dataclass(frozen=True, slots=True)
class Left:
    """A document that a topic was taken off, as it is now."""

    document_id: UUID
    user_id: UUID
    object_key: str
    version: int
    told_at: datetime
    outcome: str
    topics: tuple[FiledTopic, ...]
    media_type: str | None
    language: str | None

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> Left:
        """From a row of sql/take_off.sql."""
        fields: dict[str, Any] = dict(row)
        topics = tuple(FiledTopic.model_validate(topic) for topic in orjson.loads(row["topics"]))
        return cls(**fields | {"topics": topics})

    @property
    def message(self) -> Message:
        """What is said of it."""
        return classified_message(
            self,
            self.told_at,
            self.topics,
            outcome=self.outcome,
            note=None if self.topics else NOTE,
            media_type=self.media_type,
            language=self.language,
        )


class Removal:
    """The work of the job: a slice of documents after the other, each in one transaction with what is said of it.

    A topic's row goes last. So a run that is cut off anywhere is gone on with where it was, and nothing is said twice.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox, slice_size: int = SLICE) -> None:
        self._pool = pool
        self._outbox = outbox
        self._slice = slice_size

    async def __call__(self, lease: Lease) -> Mapping[str, object]:
        """How many topics went, and off how many documents, in this run."""
        counts = {"topics": 0, "documents": 0}
        while going := await self._going():
            for topic_id in going:
                counts["documents"] += await self._remove(lease, topic_id)
                counts["topics"] += 1
        if counts["topics"]:
            log.info("classifier.topics_removed", **counts)
        return counts

    async def _going(self) -> Sequence[UUID]:
        with translated():
            return [row["id"] for row in await self._pool.fetch(SQL["going_topics"], self._slice)]

    async def _remove(self, lease: Lease, topic_id: UUID) -> int:
        count = 0
        await lease.check()
        began = time.monotonic()
        while taken := await self._take_off(topic_id):
            count += taken
            await asyncio.sleep(min(time.monotonic() - began, LONGEST_REST_SECONDS))
            await lease.check()
            began = time.monotonic()
        with translated():
            await self._pool.execute(SQL["drop_topic"], topic_id)
        return count

    async def _take_off(self, topic_id: UUID) -> int:
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(SQL["take_off"], topic_id, self._slice)
            if rows:
                await self._outbox.add(connection, [Left.from_row(row).message for row in rows])
        if rows:
            self._outbox.wake()
        return len(rows)


def removal_job(pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox, every_seconds: float = EVERY_SECONDS) -> Job:
    """The job REMOVAL."""
    return Job(REMOVAL, every_seconds, Removal(pool, outbox))
