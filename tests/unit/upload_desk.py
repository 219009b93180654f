"""Where uploads are asked for: documents, accounts, keys and a store that only signs, all in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from docuvault_contracts.cloudevents import Message
from msgspec.structs import replace

from services.chassis.storage import ObjectStorage
from services.upload.accounts import Account
from services.upload.document import Document
from services.upload.idempotency import Claim, Kept
from services.upload.ports import Documents
from services.upload.uploads import RequestUpload, RequestUploads, Signer

Signed = tuple[str, int, int | None]
"""The key, the seconds and the bound size of a URL."""


@dataclass
class Desk:
    """Everything that a request for URLs meets."""

    account: Account | None = None
    rows: dict[UUID, Document] = field(default_factory=dict)
    said: list[Message] = field(default_factory=list)
    kept: dict[tuple[UUID, str], Kept] = field(default_factory=dict)
    signed: list[Signed] = field(default_factory=list)
    traces: list[str | None] = field(default_factory=list)
    looked: int = 0
    taken: bool = False
    """Whether somebody has every key, whose claim is gone by the time one looks."""
    before_claim: Callable[[], Awaitable[object]] | None = None

    async def find(self, _user_id: UUID) -> Account | None:
        self.looked += 1
        return self.account

    async def create(self, document: Document, message: Message) -> None:
        await self.create_all([(document, message)])

    async def create_all(self, made: Sequence[tuple[Document, Message]]) -> None:
        self.rows |= {document.id: document for document, _ in made}
        self.said += [message for _, message in made]

    async def create_claimed(self, made: Sequence[tuple[Document, Message]], claim: Claim, kept: Kept) -> bool:
        rival, self.before_claim = self.before_claim, None
        if rival is not None:
            await rival()
        if self.taken or (claim.user_id, claim.key) in self.kept:
            return False
        self.kept[claim.user_id, claim.key] = Kept.from_json(claim.fingerprint, kept.to_json())
        await self.create_all(made)
        return True

    async def find_all(self, user_id: UUID, document_ids: Sequence[UUID]) -> Sequence[Document]:
        found = [self.rows[each] for each in reversed(document_ids) if each in self.rows]
        return [document for document in found if document.user_id == user_id]

    async def presigned_upload_url(
        self, object_key: str, seconds: int, size_bytes: int | None = None, traceparent: str | None = None
    ) -> str:
        self.traces.append(traceparent)
        self.signed.append((object_key, seconds, size_bytes))
        return f"http://store/{object_key}?{len(self.signed)}"

    def age(self, document_id: UUID, by: timedelta) -> datetime:
        """Makes a document older, and says when its URL expires now."""
        document = self.rows[document_id]
        moved = document.expires_at - by
        self.rows[document_id] = replace(document, expires_at=moved)
        return moved

    @property
    def single(self) -> RequestUpload:
        """Asks for one."""
        return RequestUpload(cast("Documents", self), self, self._signer)

    @property
    def many(self) -> RequestUploads:
        """Asks for many."""
        return RequestUploads(cast("Documents", self), self, _Keys(self), self._signer)

    @property
    def _signer(self) -> Signer:
        return Signer(cast("ObjectStorage", self), 15)


@dataclass(frozen=True)
class _Keys:
    desk: Desk

    async def find(self, user_id: UUID, key: str) -> Kept | None:
        return self.desk.kept.get((user_id, key))
