"""Begins uploads in parts: refused early where the file cannot fit, and never made twice under one key."""

from __future__ import annotations

from uuid import UUID

from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.upload.accounts import foreseen
from services.upload.decide import Refused
from services.upload.document import Document
from services.upload.idempotency import Claim, Kept, KeyRefused
from services.upload.messages import upload_requested
from services.upload.multipart.rules import Closed
from services.upload.multipart.shelf import Shelf
from services.upload.ports import Accounts, Keys
from services.upload.uploads import File, pending_document


class BeginMultipart:
    """Makes pending documents whose bytes come in parts. A refusal is a value; raises Transient."""

    def __init__(self, shelf: Shelf, accounts: Accounts, keys: Keys) -> None:
        self._shelf = shelf
        self._accounts = accounts
        self._keys = keys

    async def __call__(
        self, user_id: UUID, file: File, traceparent: str, claim: Claim | None = None
    ) -> Document | Refused | KeyRefused:
        """A document whose upload is begun at the store; under a key that was used, the one of then."""
        kept = await self._keys.find(user_id, claim.key) if claim else None
        if claim and kept:
            return await self._again(claim, kept)
        document = await self._make(user_id, file)
        if isinstance(document, Refused):
            return document
        if claim and not await self._claimed(document, traceparent, claim):
            return await self._lost(claim)
        if claim is None:
            await self._shelf.documents.create(document, upload_requested(document, traceparent))
        failpoint("multipart.after_commit")
        return _begun(await self._shelf.begin(document, traceparent))

    async def open(self, user_id: UUID, file: File, traceparent: str) -> Document | Refused:
        """A document of which the store has not heard yet: its client begins the upload."""
        document = await self._make(user_id, file)
        if isinstance(document, Document):
            await self._shelf.documents.create(document, upload_requested(document, traceparent))
        return document

    async def _make(self, user_id: UUID, file: File) -> Document | Refused:
        if file.size_bytes:
            [refused] = foreseen([file.size_bytes], await self._accounts.find(user_id))
            if refused is not None:
                return refused
        return pending_document(user_id, file, self._shelf.now(), self._shelf.lives.upload, multipart=True)

    async def _claimed(self, document: Document, traceparent: str, claim: Claim) -> bool:
        said = [(document, upload_requested(document, traceparent))]
        return await self._shelf.documents.create_claimed(said, claim, Kept(claim.fingerprint, {0: document.id}, {}))

    async def _lost(self, claim: Claim) -> Document | KeyRefused:
        """Somebody else made it while this request was on its way."""
        kept = await self._keys.find(claim.user_id, claim.key)
        if kept is None:
            raise Transient("an idempotency key was taken, and is free again")
        return await self._again(claim, kept)

    async def _again(self, claim: Claim, kept: Kept) -> Document | KeyRefused:
        """The same document, while its parts may come; its upload is begun where that was cut off."""
        if kept.fingerprint != claim.fingerprint:
            return KeyRefused.REUSED
        found = await self._shelf.named(await self._shelf.documents.find(claim.user_id, kept.made[0]))
        return KeyRefused.EXPIRED if isinstance(found, Closed) else found


def _begun(document: Document | Closed) -> Document:
    """Raises Transient where its owner deleted it in the very moment in which it was made."""
    if isinstance(document, Closed):
        raise Transient("a document was deleted while its upload was begun")
    return document
