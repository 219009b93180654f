"""Documents that their owners file by hand: their topics hold, and each is an example of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from uuid import UUID

import asyncpg
import orjson
import structlog
from docuvault_contracts.events import FiledTopic

from services.chassis.outbox import Outbox
from services.chassis.postgres import Connection, load_sql, transaction
from services.classifier.events import classified_message, corrected_message

log = structlog.get_logger(__name__)
SQL = load_sql("services.classifier")

OUTCOME = "corrected"
REASON = "You filed it here"
FILED_NOWHERE = "You took it off all topics"
UNDONE_OUTCOME = "nothing_fits"
UNDONE = "You took back how you had filed it"
_AT_REST = ("gone", "deleted")


class Absent(Enum):
    """Why there is no document to file; UNHEARD: it may come, since what was decided about it may be on its way."""

    GONE = "gone"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Corrected:
    """What the document is filed under now. `enters`: it was put in line, to be read."""

    topics: tuple[FiledTopic, ...]
    enters: bool


@dataclass(frozen=True, slots=True)
class UnknownTopics:
    """Those of the topics that the owner does not have."""

    topic_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """The document is not filed by hand any more. `enters`: it was until now, and is classified anew."""

    enters: bool


@dataclass(frozen=True, slots=True)
class _Found:
    document_id: UUID
    user_id: UUID
    object_key: str
    version: int
    corrected: bool
    media_type: str | None
    language: str | None


class Corrections(Protocol):
    """What owners file by hand; another's documents do not exist. Both raise Transient where the database is away."""

    async def correct(
        self, user_id: UUID, document_id: UUID, topic_ids: Sequence[UUID], traceparent: str
    ) -> Corrected | UnknownTopics | Absent:
        """Files the document under these topics and no others."""
        ...

    async def undo(self, user_id: UUID, document_id: UUID, traceparent: str) -> Undone | Absent:
        """Takes a correction back, and what was learnt of it; nothing happens where there is none."""
        ...


class PgCorrections:
    """Corrections in PostgreSQL, each in one transaction with what is said of it.

    The document's row is locked first, as by all who write it; who deletes one of the topics at the same time waits, or
    was first and is seen.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox) -> None:
        self._pool = pool
        self._outbox = outbox

    async def correct(
        self, user_id: UUID, document_id: UUID, topic_ids: Sequence[UUID], traceparent: str
    ) -> Corrected | UnknownTopics | Absent:
        """See Corrections."""
        async with transaction(self._pool) as connection:
            found = await _lock(connection, user_id, document_id)
            if isinstance(found, Absent):
                return found
            names = await _names(connection, user_id, topic_ids)
            if unknown := tuple(each for each in topic_ids if each not in names):
                return UnknownTopics(unknown)
            filed = tuple(FiledTopic(topic_id=each, name=names[each], score=1, reason=REASON) for each in topic_ids)
            enters = await self._file(connection, found, filed, traceparent)
        self._outbox.wake()
        return Corrected(filed, enters)

    async def _file(
        self, connection: Connection, found: _Found, filed: tuple[FiledTopic, ...], traceparent: str
    ) -> bool:
        """Whether the document has to be read."""
        topic_ids = [topic.topic_id for topic in filed]
        await connection.execute(SQL["drop_examples"], found.document_id)
        await connection.execute(SQL["make_examples"], found.document_id, found.user_id, topic_ids)
        row = await connection.fetchrow(SQL["correct_document"], found.document_id, _json(filed), traceparent)
        if row is None:
            raise LookupError(f"document {found.document_id} is locked, and not there")
        if row["unread"]:
            await connection.execute(SQL["enter_line"], [found.document_id])
        note = None if filed else FILED_NOWHERE
        classified = classified_message(
            found, row["told_at"], filed, outcome=OUTCOME, note=note,
            media_type=found.media_type, language=found.language, traceparent=traceparent,
        )  # fmt: skip
        corrected = corrected_message(found, row["told_at"], topic_ids, traceparent)
        await self._outbox.add(connection, [classified, corrected])
        return bool(row["unread"])

    async def undo(self, user_id: UUID, document_id: UUID, traceparent: str) -> Undone | Absent:
        """See Corrections. It is filed under nothing until it has been classified anew."""
        async with transaction(self._pool) as connection:
            found = await _lock(connection, user_id, document_id)
            if isinstance(found, Absent):
                return found
            examples = await connection.fetch(SQL["drop_examples"], document_id)
            if not (found.corrected or examples):
                return Undone(enters=False)
            await self._unfile(connection, found, traceparent)
            await connection.execute(SQL["enter_line"], [document_id])
        self._outbox.wake()
        return Undone(enters=True)

    async def _unfile(self, connection: Connection, found: _Found, traceparent: str) -> None:
        told_at = await connection.fetchval(SQL["undo_correction"], found.document_id, traceparent)
        if found.corrected:
            said = classified_message(
                found, told_at, (), outcome=UNDONE_OUTCOME, note=UNDONE,
                media_type=found.media_type, language=found.language, traceparent=traceparent,
            )  # fmt: skip
            await self._outbox.add(connection, [said])


async def _lock(connection: Connection, user_id: UUID, document_id: UUID) -> _Found | Absent:
    row = await connection.fetchrow(SQL["lock_document"], document_id, user_id)
    if row is None or row["state"] == "unheard":
        return Absent.UNHEARD
    if row["state"] in _AT_REST:
        return Absent.GONE
    return _Found(**{name: row[name] for name in _Found.__slots__})


async def _names(connection: Connection, user_id: UUID, topic_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    rows = await connection.fetch(SQL["name_topics"], user_id, list(topic_ids)) if topic_ids else []
    return {row["id"]: row["name"] for row in rows}


def _json(filed: Sequence[FiledTopic]) -> str:
    return orjson.dumps([topic.model_dump(mode="json") for topic in filed]).decode()
