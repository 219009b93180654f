"""The audit of what lies in the store in parts: uploads that are open there, and whether they may be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from pydantic import SecretStr

from deploy.ops.audit_model import PENDING, Check, Difference, Document, Report, Upload
from deploy.ops.audit_rules import user_of
from deploy.ops.audit_servers import Servers
from services.chassis.abreast import abreast
from services.chassis.settings import StorageSettings
from services.chassis.storage_minio import open_storage
from services.chassis.storage_parts import MultipartStorage, OpenUpload, UploadNotFoundError

LOOKS_AT_ONCE = 16


@asynccontextmanager
async def open_uploads(servers: Servers) -> AsyncIterator[MultipartStorage]:
    """Connects on the first call only."""
    settings = StorageSettings(
        minio_endpoint=servers.minio_endpoint,
        minio_public_endpoint=servers.minio_endpoint,
        minio_secure=servers.minio_secure,
        minio_region=servers.minio_region,
        minio_bucket=servers.minio_bucket,
        minio_access_key=servers.minio_access_key,
        minio_secret_key=SecretStr(servers.minio_secret_key),
    )
    async with open_storage(settings) as storage:
        yield storage.multipart


async def read_uploads(
    store: MultipartStorage, begun: Iterable[OpenUpload], documents: Iterable[Document]
) -> list[Upload]:
    """The open uploads of these documents, and those of `begun` that still are: what the store told when asked for all.

    MinIO tells of all only what its process has seen begin, so every document whose bytes come in parts is asked about.
    `begun` is older than what is known of documents: a document is there before its upload.
    """
    by_key = {document.key: document for document in documents}
    found = [begun, *await abreast(store.list_uploads, list(by_key), LOOKS_AT_ONCE)]
    distinct = sorted({upload for some in found for upload in some}, key=lambda each: (each.object_key, each.upload_id))

    async def look(upload: OpenUpload) -> Upload | None:
        try:
            parts = await store.list_parts(upload.object_key, upload.upload_id)
        except UploadNotFoundError:
            return None
        return Upload(upload.object_key, len(parts), sum(part.size for part in parts), by_key.get(upload.object_key))

    return [each for each in await abreast(look, distinct, LOOKS_AT_ONCE) if each is not None]


def judge_uploads(uploads: Iterable[Upload], max_pending_seconds: float) -> Iterator[Difference]:
    """What is wrong with open uploads. An empty one of a document that is settled is ended when its URLs are dead."""
    for upload in uploads:
        what = _why_not_open(upload, max_pending_seconds)
        if what is not None:
            told = f"{what}: {upload.parts} parts, {upload.bytes} bytes"
            yield Difference(Check.PARTS, told, user_of(upload.key), upload.key, upload.bytes)


def _why_not_open(upload: Upload, max_pending_seconds: float) -> str | None:
    document = upload.document
    if document is None:
        return "an upload of which no document knows"
    if document.age_seconds > max_pending_seconds:
        return f"an upload that expired {document.age_seconds / 60:.0f} minutes ago"
    if document.status != PENDING and upload.parts:
        return f"an upload whose document is {document.status}"
    return None


def with_uploads(report: Report, uploads: Sequence[Upload], max_pending_seconds: float) -> Report:
    """The report, with what is wrong with open uploads, and with how much lies in parts."""
    held = replace(
        report.counted,
        uploads=len(uploads),
        parts=sum(each.parts for each in uploads),
        part_bytes=sum(each.bytes for each in uploads),
    )
    found = judge_uploads(uploads, max_pending_seconds)
    return replace(report, differences=(*report.differences, *found), counted=held)


def notes_on(uploads: Sequence[Upload]) -> Iterator[str]:
    """What a person should know: what lies in parts is paid for by nobody until it is complete."""
    if uploads:
        parts, held = sum(each.parts for each in uploads), sum(each.bytes for each in uploads)
        yield f"{len(uploads)} uploads under way hold {parts} parts, {held} bytes that nobody pays for yet"
