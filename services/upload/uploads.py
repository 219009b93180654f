"""What owners ask URLs for: one file or many, refused early where it cannot fit, and never made twice under one key."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from docuvault_contracts.keys import make_key, new_document_id

from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.storage import ObjectStorage
from services.upload.accounts import foreseen
from services.upload.decide import Refused
from services.upload.document import Document
from services.upload.idempotency import Claim, Kept, KeyRefused
from services.upload.messages import upload_requested
from services.upload.ports import Accounts, Documents, Keys

T = TypeVar("T")

ONCE: Mapping[str, str] = {"If-None-Match": "*"}
"""What a client says with a PUT to a bound URL: only where nothing is under the key yet."""


@dataclass(frozen=True, slots=True)
class File:
    """What a client says of a file; a `bound` one has a size."""

    filename: str
    content_type: str
    size_bytes: int | None = None
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A pending document and where its bytes go, with which headers; the URL is a key, never to be logged."""

    document: Document
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the files of a request, by their places in it: each is in one of the two."""

    uploads: Mapping[int, Upload]
    refused: Mapping[int, Refused]


def pending_document(user_id: UUID, file: File, now: datetime, life: timedelta, *, multipart: bool = False) -> Document:
    """A new document, which nobody has stored yet."""
    document_id = new_document_id()
    return Document(
        id=document_id,
        user_id=user_id,
        object_key=str(make_key(user_id, document_id, file.filename)),
        filename=file.filename,
        content_type=file.content_type,
        created_at=now,
        updated_at=now,
        expires_at=now + life,
        declared_bytes=file.size_bytes,
        multipart=multipart,
    )


class Signer:
    """Makes URLs, which live for `url_minutes` and not longer when they are made again."""

    def __init__(self, storage: ObjectStorage, url_minutes: int) -> None:
        self._storage = storage
        self._life = timedelta(minutes=url_minutes)

    async def begin(self, user_id: UUID, file: File, traceparent: str) -> Upload:
        """A new document, which nobody has stored yet."""
        document = pending_document(user_id, file, datetime.now(UTC), self._life)
        return await self._sign(document, file, int(self._life.total_seconds()), traceparent)

    async def again(self, document: Document, file: File, traceparent: str) -> Upload | None:
        """A URL for what is left of the first one's life; None where nothing is."""
        seconds = int((document.expires_at - datetime.now(UTC)).total_seconds())
        return await self._sign(document, file, seconds, traceparent) if seconds > 0 else None

    async def _sign(self, document: Document, file: File, seconds: int, traceparent: str) -> Upload:
        bound = file.size_bytes if file.bound else None
        url = await self._storage.presigned_upload_url(document.object_key, seconds, bound, traceparent)
        return Upload(document, url, ONCE if file.bound else {})


async def _stored(creation: Awaitable[T]) -> T:
    """The outcome of storing what is signed, and told to nobody yet."""
    failpoint("upload_url.after_sign")
    outcome = await creation
    failpoint("upload_url.after_commit")
    return outcome


class RequestUpload:
    """Makes a pending document and its URL; of a file whose size is not declared by one statement."""

    def __init__(self, documents: Documents, accounts: Accounts, signer: Signer) -> None:
        self._documents = documents
        self._accounts = accounts
        self._signer = signer

    async def __call__(self, user_id: UUID, file: File, traceparent: str) -> Upload | Refused:
        """Signs first, so that no row is left where signing fails; the URL is out only once the row is committed."""
        if file.size_bytes:
            [refused] = foreseen([file.size_bytes], await self._accounts.find(user_id))
            if refused is not None:
                return refused
        upload = await self._signer.begin(user_id, file, traceparent)
        await _stored(self._documents.create(upload.document, upload_requested(upload.document, traceparent)))
        return upload


class RequestUploads:
    """Makes the documents of several files, all or none; under a key only once, whoever else comes with it."""

    def __init__(self, documents: Documents, accounts: Accounts, keys: Keys, signer: Signer) -> None:
        self._documents = documents
        self._accounts = accounts
        self._keys = keys
        self._signer = signer

    async def __call__(
        self, user_id: UUID, files: Sequence[File], traceparent: str, claim: Claim | None = None
    ) -> Outcome | KeyRefused:
        """What became of each file, now or when the key was new. A key under which all was refused stays free."""
        kept = await self._keys.find(user_id, claim.key) if claim else None
        if claim and kept:
            return await self._again(claim, kept, files, traceparent)
        outcome = await self._plan(user_id, files, traceparent)
        if not outcome.uploads or await self._create(outcome, traceparent, claim):
            return outcome
        return await self._lost(claim, files, traceparent)

    async def _plan(self, user_id: UUID, files: Sequence[File], traceparent: str) -> Outcome:
        sizes = [file.size_bytes for file in files]
        said = foreseen(sizes, await self._accounts.find(user_id) if any(sizes) else None)
        refused = {place: each for place, each in enumerate(said) if each is not None}
        fits = {place: file for place, file in enumerate(files) if place not in refused}
        begun = {place: await self._signer.begin(user_id, file, traceparent) for place, file in fits.items()}
        return Outcome(begun, refused)

    async def _create(self, outcome: Outcome, traceparent: str, claim: Claim | None) -> bool:
        """Whether it is made: somebody else may have been first with the key."""
        documents = {place: upload.document for place, upload in outcome.uploads.items()}
        said = [(document, upload_requested(document, traceparent)) for document in documents.values()]
        if claim is None:
            await _stored(self._documents.create_all(said))
            return True
        made = {place: document.id for place, document in documents.items()}
        kept = Kept(claim.fingerprint, made, outcome.refused)
        return await _stored(self._documents.create_claimed(said, claim, kept))

    async def _lost(self, claim: Claim | None, files: Sequence[File], traceparent: str) -> Outcome | KeyRefused:
        """Somebody else made it while this request was on its way."""
        kept = await self._keys.find(claim.user_id, claim.key) if claim else None
        if claim is None or kept is None:
            raise Transient("an idempotency key was taken, and is free again")
        return await self._again(claim, kept, files, traceparent)

    async def _again(self, claim: Claim, kept: Kept, files: Sequence[File], traceparent: str) -> Outcome | KeyRefused:
        """The same documents, each with a URL for the time that is left."""
        if kept.fingerprint != claim.fingerprint:
            return KeyRefused.REUSED
        found = {each.id: each for each in await self._documents.find_all(claim.user_id, list(kept.made.values()))}
        uploads: dict[int, Upload] = {}
        for place, document_id in kept.made.items():
            document = found.get(document_id)
            upload = None if document is None else await self._signer.again(document, files[place], traceparent)
            if upload is None:
                return KeyRefused.EXPIRED
            uploads[place] = upload
        return Outcome(uploads, kept.refused)
