"""Documents whose bytes come in parts, in PostgreSQL."""

from __future__ import annotations

from dataclasses import astuple
from uuid import UUID

import asyncpg
from docuvault_contracts.cloudevents import Message

from services.chassis.outbox import Outbox, row_of
from services.chassis.postgres import load_sql, translated
from services.upload.document import Document

SQL = load_sql("services.upload")


class PgMultiparts:
    """Multiparts over the table `documents` and the outbox beside it. Every method raises Transient."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox) -> None:
        self._pool = pool
        self._outbox = outbox

    async def name(self, document_id: UUID, upload_id: str) -> str | None:
        """See Multiparts."""
        with translated():
            known: str | None = await self._pool.fetchval(SQL["name_upload"], document_id, upload_id)
        return known

    async def abort(self, document: Document, message: Message) -> bool:
        """See Multiparts."""
        with translated():
            gone = await self._pool.fetch(
                SQL["delete_document"], document.id, document.user_id, *astuple(row_of(message)), True
            )
        self._outbox.wake()
        return bool(gone)
