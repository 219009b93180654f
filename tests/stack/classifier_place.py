"""The classifier's tables in a schema of a test's own: what is heard is told, replicas claim, results are recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from docuvault_contracts.events import DocumentDeleted, QuotaReleased, QuotaReserved, ReclassifyRequested
from docuvault_contracts.keys import make_key

from services.chassis.delivery import Delivery, Origin
from services.chassis.migrations import migrate
from services.chassis.outbox import Outbox
from services.chassis.postgres import Pool, open_pool
from services.classifier.bell import Bell
from services.classifier.decide import Fact
from services.classifier.filing import Mode, Wishes
from services.classifier.handler import ClassifierHandler
from services.classifier.line import PgLine
from services.classifier.model import Claim
from services.classifier.owners import PgOwners
from services.classifier.records import PgRecords
from services.classifier.store import PgDocuments
from tests.stack.chassis_servers import schema
from tests.stack.support.uploads import NOW

RECIPE = "test-1"
LEASE_SECONDS = 30.0
WISHES = Wishes(Mode.EMBEDDING, 0.5, 3)


@dataclass(frozen=True)
class Doc:
    """A document of a user's, and the facts that may be told of it."""

    user: UUID
    document: UUID = field(default_factory=uuid4)

    @property
    def facts(self) -> dict[str, object]:
        key = make_key(self.user, self.document, "a.md")
        nonce = str(key).replace(str(key.nonce), str(self.document))
        return {"document_id": self.document, "user_id": self.user, "object_key": nonce}

    def _decision(self, version: int) -> dict[str, object]:
        return self.facts | {"version": version, "used_bytes": 5, "limit_bytes": 9, "decided_at": NOW}

    def reserved(self, version: int = 1, etag: str = "e") -> QuotaReserved:
        return QuotaReserved.model_validate(self._decision(version) | {"size_bytes": 5, "etag": etag})

    def released(self, version: int = 2) -> QuotaReleased:
        gone = {"released_bytes": 5, "reason": "object_removed"}
        return QuotaReleased.model_validate(self._decision(version) | gone)

    def deleted(self) -> DocumentDeleted:
        return DocumentDeleted.model_validate(self.facts | {"deleted_at": NOW})

    def wished(self) -> ReclassifyRequested:
        return ReclassifyRequested.model_validate(self.facts | {"requested_at": NOW})


@dataclass
class Place:
    """One schema; every line made of it is another replica's."""

    pool: Pool
    bell: Bell = field(default_factory=Bell)
    outbox: Outbox = field(default_factory=Outbox)

    def line(self, lease_seconds: float = LEASE_SECONDS) -> PgLine:
        return PgLine(self.pool, lease_seconds)

    @property
    def documents(self) -> PgDocuments:
        return PgDocuments(self.pool, self.bell)

    @property
    def records(self) -> PgRecords:
        return PgRecords(self.pool, self.outbox, RECIPE)

    @property
    def owners(self) -> PgOwners:
        async def wishes_of(_: UUID) -> Wishes:
            return WISHES

        return PgOwners(self.pool, wishes_of, RECIPE)

    async def hear(self, *facts: Fact) -> None:
        """Handles the facts as one batch."""
        batch = [Delivery(fact, Origin("quota", 0, offset)) for offset, fact in enumerate(facts)]
        assert await ClassifierHandler(self.documents).handle(batch) == ()

    async def claim(self, passed_over: Collection[UUID] = ()) -> Claim:
        claim = await self.line().claim(passed_over)
        assert claim is not None
        return claim

    async def row(self, doc: Doc) -> asyncpg.Record:
        row = await self.pool.fetchrow("SELECT * FROM documents WHERE document_id = $1", doc.document)
        assert row is not None
        return row

    async def said(self) -> Sequence[dict[str, Any]]:
        """What is in the outbox, in order."""
        rows = await self.pool.fetch(
            "SELECT topic, convert_from(value, 'UTF8')::jsonb AS value FROM outbox ORDER BY id"
        )
        return [dict(row) for row in rows]

    async def make_topic(self, user: UUID, name: str = "Tax") -> UUID:
        topic_id = uuid4()
        await self.pool.execute(
            "INSERT INTO topics (id, user_id, name, folded, created_at, updated_at) "
            "VALUES ($1, $2, $3, lower($3), now(), now())",
            topic_id, user, name,
        )  # fmt: skip
        return topic_id


@asynccontextmanager
async def open_place(stack: Any) -> AsyncIterator[Place]:
    """A fresh one, gone afterwards."""
    async with schema(stack) as database, open_pool(database) as pool:
        await migrate(pool, "services.classifier")
        yield Place(pool)
