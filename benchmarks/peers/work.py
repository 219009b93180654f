"""The plain design's rule: the same conditional UPDATE as the ledger's, inside confirm, with the document's status."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.peers.tables import Account, Document


async def find(session: AsyncSession, user_id: UUID, document_id: UUID) -> Document | None:
    """The user's document."""
    asked = select(Document).where(Document.id == document_id, Document.user_id == user_id)
    return (await session.execute(asked)).scalar_one_or_none()


async def charge(session: AsyncSession, document: Document, size: int) -> int | None:
    """Charges a pending document once, in one transaction; what is used then, or None where it does not fit."""
    moved = (
        update(Document)
        .where(Document.id == document.id, Document.status == "pending")
        .values(status="uploaded", size_bytes=size)
        .returning(Document.id)
    )
    fits = (
        update(Account)
        .where(Account.user_id == document.user_id, Account.used_bytes + size <= Account.limit_bytes)
        .values(used_bytes=Account.used_bytes + size)
        .returning(Account.used_bytes)
    )
    if (await session.execute(moved)).scalar_one_or_none() is None:
        found = await session.execute(select(Account.used_bytes).where(Account.user_id == document.user_id))
        return found.scalar_one_or_none()
    used = (await session.execute(fits)).scalar_one_or_none()
    await (session.rollback() if used is None else session.commit())
    return used
