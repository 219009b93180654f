"""Records what came of a document, together with the event that says so, where the result still counts."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import asyncpg
from docuvault_contracts.cloudevents import Message

from services.chassis.failpoints import failpoint
from services.chassis.outbox import Outbox
from services.chassis.postgres import Connection, transaction
from services.chassis.tracing import below
from services.classifier.columns import bytes_of, json_of, topics_of
from services.classifier.decide import conclude
from services.classifier.events import classified_message, failed_message
from services.classifier.filing import Filed
from services.classifier.model import Claim, Conclusion, Result, Standing, State
from services.classifier.store import SQL


class PgRecords:
    """The one transaction at the end of the work on a document. `recipe` names the model and how vectors are made."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox, recipe: str) -> None:
        self._pool = pool
        self._outbox = outbox
        self._recipe = recipe

    async def record(self, claim: Claim, result: Result) -> Conclusion | None:
        """What was recorded; None where the document has moved on since it was claimed. Raises Transient."""
        async with transaction(self._pool) as connection:
            standing = await _lock(connection, claim)
            live = await _live(connection, claim, result)
            conclusion = None if standing is None else conclude(standing, claim, result, live)
            if standing is not None and conclusion is not None:
                await self._write(connection, standing, conclusion)
                failpoint("classifier.record_before_commit")
        self._outbox.wake()
        return conclusion

    async def _write(self, connection: Connection, standing: Standing, conclusion: Conclusion) -> None:
        vector = None if conclusion.vector is None else bytes_of(conclusion.vector)
        await connection.execute(
            SQL["write_conclusion"],
            standing.document_id,
            conclusion.outcome,
            conclusion.told_at,
            json_of(conclusion.topics),
            conclusion.media_type,
            conclusion.language,
            conclusion.mismatch,
            vector,
            self._recipe,
            conclusion.terms,
        )
        await self._outbox.add(connection, [message_of(standing, conclusion)])


async def _lock(connection: Connection, claim: Claim) -> Standing | None:
    row = await connection.fetchrow(SQL["lock_standing"], claim.document_id)
    if row is None:
        return None
    return Standing(**{**dict(row), "state": State(row["state"]), "topics": topics_of(row["topics"])})


async def _live(connection: Connection, claim: Claim, result: Result) -> Collection[UUID]:
    if not isinstance(result.what, Filed) or not result.what.topics:
        return ()
    wanted = [topic.topic_id for topic in result.what.topics]
    return {row["id"] for row in await connection.fetch(SQL["share_topics"], claim.user_id, wanted)}


def message_of(standing: Standing, conclusion: Conclusion) -> Message:
    """What is said of it, in the trace of what put it in line."""
    found, trace = conclusion, below(standing.traceparent)
    if found.failed:
        return failed_message(
            standing,
            found.told_at,
            found.text or "",
            outcome=found.outcome,
            media_type=found.media_type,
            traceparent=trace,
        )
    return classified_message(
        standing,
        found.told_at,
        found.topics,
        outcome=found.outcome,
        note=found.text,
        media_type=found.media_type,
        language=found.language,
        traceparent=trace,
    )
