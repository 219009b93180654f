"""The documents in PostgreSQL. What belongs together is one statement or one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple
from itertools import chain
from operator import attrgetter
from uuid import UUID

import asyncpg
from docuvault_contracts.cloudevents import Message

from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.gather import Gather
from services.chassis.outbox import Outbox, row_of
from services.chassis.postgres import load_sql, transaction, translated
from services.chassis.tracing_sql import sql_span
from services.upload.document import Document
from services.upload.handler import Change
from services.upload.idempotency import Claim, Kept
from services.upload.listing import Found, Wanted
from services.upload.listing_sql import statement_of
from services.upload.rows import columns, from_row

SQL = load_sql("services.upload")
Created = tuple[object, ...]
_NO_KEY = (None, None, None, None)
_ATTEMPTS = 5
"""Each that fails means that somebody else has got on."""


class PgDocuments:
    """The table `documents` and the outbox beside it. Every method raises Transient."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox) -> None:
        self._pool = pool
        self._outbox = outbox
        self._creating = Gather(self._create)

    async def create(self, document: Document, message: Message) -> None:
        """Inserts a pending document together with its event; those that come at once share a statement."""
        with sql_span("upload.create_documents"):  # with the wait for those who share it
            await self._creating.put(_created(document, message))

    async def create_all(self, made: Sequence[tuple[Document, Message]]) -> None:
        """Inserts pending documents together with their events, all or none, in one statement."""
        await self._create([_created(*each) for each in made])

    async def create_claimed(self, made: Sequence[tuple[Document, Message]], claim: Claim, kept: Kept) -> bool:
        """As create_all, where the claim's key is free, which is kept with it; False where it was taken."""
        key = (claim.user_id, claim.key, claim.fingerprint, kept.to_json())
        return await self._made([_created(*each) for each in made], key)

    async def _create(self, rows: Sequence[Created]) -> None:
        await self._made(rows, _NO_KEY)

    async def _made(self, rows: Sequence[Created], key: tuple[object, ...]) -> bool:
        with translated():
            made = await self._pool.fetchval(SQL["create_documents"], *zip(*rows, strict=True), *key)
        self._outbox.wake()
        return bool(made)

    async def find(self, user_id: UUID, document_id: UUID) -> Document | None:
        """The user's document, a tombstone too; None for another user's."""
        with translated():
            row = await self._pool.fetchrow(SQL["find_document"], document_id, user_id)
        return None if row is None else from_row(row)

    async def find_all(self, user_id: UUID, document_ids: Sequence[UUID]) -> Sequence[Document]:
        """Those of the documents that are the user's, in any order; tombstones too."""
        with translated():
            return [from_row(row) for row in await self._pool.fetch(SQL["find_documents"], user_id, document_ids)]

    async def list(self, wanted: Wanted) -> Found:
        """At most `wanted.limit` live documents, in the list's order."""
        statement, more = statement_of(wanted.listing)
        after = wanted.place
        place = (wanted.user_id, wanted.listing.status, after.place, after.document_id, wanted.limit)
        with translated():
            rows = await self._pool.fetch(statement, *place, *more)
        return [(from_row(row), row["place"]) for row in rows]

    async def delete(self, document: Document, message: Message) -> bool:
        """Makes a live document a tombstone together with its event; False where it was none any more."""
        with translated():
            gone = await self._pool.fetch(
                SQL["delete_document"], document.id, document.user_id, *astuple(row_of(message)), False
            )
        self._outbox.wake()
        return bool(gone)

    async def announce(self, message: Message) -> None:
        """Keeps an event that goes with no change of a row."""
        async with transaction(self._pool) as connection:
            await self._outbox.add(connection, [message])
        self._outbox.wake()

    async def change(
        self, document_ids: Iterable[UUID], step: Change, known: Collection[Document] = ()
    ) -> Sequence[Document]:
        """See handler.Documents. A row that was written in between is left as it is, then read and stepped again.

        Locking the rows instead would take a transaction, and each confirm wait for its round trips.
        """
        written: dict[UUID, Document] = {}
        left: Collection[UUID] = sorted(document_ids, key=attrgetter("int"))  # comparing UUIDs is slow
        found = known if {document.id for document in known} == set(left) else None
        for _ in range(_ATTEMPTS):
            changed = await self._step(await self._read(left) if found is None else found, step)
            found = None
            written |= {document.id: document for document, done in changed if done}
            left = [document.id for document, done in changed if not done]
            if not left:
                return list(written.values())
        raise Transient(f"database: {len(left)} documents were written by others, each time before we could")

    async def _read(self, document_ids: Collection[UUID]) -> Sequence[Document]:
        with translated():
            return [from_row(row) for row in await self._pool.fetch(SQL["read_documents"], document_ids)]

    async def _step(self, found: Collection[Document], step: Change) -> Sequence[tuple[Document, bool]]:
        """What `step` changed of what was found, and whether it is written."""
        changed = step(found)
        failpoint("upload.before_write")
        if not changed:
            return ()
        with translated():
            told = await self._pool.fetch(SQL["update_documents"], *columns(changed))
        written = set(chain.from_iterable(row["written"] for row in told))
        return [(document, document.id in written) for document in changed]


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
        document.declared_bytes,
        document.multipart,
        said.topic,
        said.key,
        said.value,
        said.headers,
    )
