"""The documents in PostgreSQL. What belongs together is one statement or one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from uuid import UUID

import asyncpg
from docuvault_contracts.cloudevents import Message

from services.chassis.failpoints import failpoint
from services.chassis.gather import Gather
from services.chassis.outbox import Outbox, row_of
from services.chassis.postgres import load_sql, transaction, translated
from services.upload.document import Document
from services.upload.handler import Change
from services.upload.listing import Wanted
from services.upload.rows import columns, from_row

SQL = load_sql("services.upload")
Created = tuple[object, ...]


class PgDocuments:
    """The table `documents` and the outbox beside it. Every method raises Transient."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox) -> None:
        self._pool = pool
        self._outbox = outbox
        self._creating = Gather(self._create)

    async def create(self, document: Document, message: Message) -> None:
        """Inserts a pending document together with its event; those that come at once share a statement."""
        await self._creating.put(_created(document, message))

    async def _create(self, rows: Sequence[Created]) -> None:
        with translated():
            await self._pool.execute(SQL["create_documents"], *zip(*rows, strict=True))
        self._outbox.wake()

    async def find(self, user_id: UUID, document_id: UUID) -> Document | None:
        """The user's document, a tombstone too; None for another user's."""
        with translated():
            row = await self._pool.fetchrow(SQL["find_document"], document_id, user_id)
        return None if row is None else from_row(row)

    async def list(self, wanted: Wanted) -> Sequence[Document]:
        """At most `wanted.limit` live documents, newest first."""
        place = (wanted.after.created_at, wanted.after.document_id, wanted.limit)
        with translated():
            if wanted.topic is None:
                rows = await self._pool.fetch(SQL["list_documents"], wanted.user_id, wanted.status, *place)
            else:
                rows = await self._pool.fetch(
                    SQL["list_documents_by_topic"], wanted.user_id, wanted.status, *place, wanted.topic
                )
        return [from_row(row) for row in rows]

    async def delete(self, document: Document, message: Message) -> bool:
        """Makes a live document a tombstone together with its event; False where it was none any more."""
        with translated():
            gone = await self._pool.fetch(
                SQL["delete_document"], document.id, document.user_id, *astuple(row_of(message))
            )
        self._outbox.wake()
        return bool(gone)

    async def announce(self, message: Message) -> None:
        """Keeps an event that goes with no change of a row."""
        async with transaction(self._pool) as connection:
            await self._outbox.add(connection, [message])
        self._outbox.wake()

    async def change(self, document_ids: Iterable[UUID], step: Change) -> Sequence[Document]:
        """Locks the documents, writes what `step` changed and wakes their waiters, in one transaction."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(SQL["lock_documents"], sorted(document_ids))
            changed = step(map(from_row, rows))
            if changed:
                await connection.execute(SQL["update_documents"], *columns(changed))
            failpoint("upload.before_commit")
        return changed


def _created(document: Document, message: Message) -> Created:
    """The parameters of sql/create_documents.sql that make one row."""
    said = row_of(message)
    return (
        document.id,
        document.user_id,
        document.object_key,
        document.filename,
        document.content_type,
        document.created_at,
        document.updated_at,
        document.expires_at,
        said.topic,
        said.key,
        said.value,
        said.headers,
    )
