"""Documents as rows: reading one, and many as one array a column for a set-based update."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import asyncpg
import orjson
from docuvault_contracts.events import FiledTopic

from services.upload.document import Document, Reason, Ruling, Status, Verdict
from services.upload.steps import to_json


def from_row(row: asyncpg.Record) -> Document:
    """The document of a row of table `documents`."""
    ruling, reason = row["ruling"], row["reason"]
    return Document(
        id=row["id"],
        user_id=row["user_id"],
        object_key=row["object_key"],
        filename=row["filename"],
        content_type=row["content_type"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        expires_at=row["expires_at"],
        status=Status(row["status"]),
        size_bytes=row["size_bytes"],
        etag=row["etag"],
        version=row["version"],
        ruling=None if ruling is None else Ruling(ruling),
        used_bytes=row["used_bytes"],
        limit_bytes=row["limit_bytes"],
        rejected_bytes=row["rejected_bytes"],
        reason=None if reason is None else Reason(reason),
        verdict=_verdict(row),
        multipart=row["multipart"],
        upload_id=row["upload_id"],
        declared_bytes=row["declared_bytes"],
        steps=row["steps"],
        revision=row.get("revision", ""),
    )


def _verdict(row: asyncpg.Record) -> Verdict | None:
    if row["verdict_status"] is None:
        return None
    return Verdict(
        version=row["verdict_version"],
        at=row["verdict_at"],
        status=Status(row["verdict_status"]),
        topics=tuple(FiledTopic.model_validate(topic) for topic in orjson.loads(row["topics"])),
        reason=row["verdict_reason"],
    )


_COLUMNS: tuple[Callable[[Document], object], ...] = (
    lambda d: d.id,
    lambda d: d.status,
    lambda d: d.size_bytes,
    lambda d: d.etag,
    lambda d: d.reason,
    lambda d: d.version,
    lambda d: d.ruling,
    lambda d: d.used_bytes,
    lambda d: d.limit_bytes,
    lambda d: d.rejected_bytes,
    lambda d: d.verdict.status if d.verdict else None,
    lambda d: d.verdict.version if d.verdict else None,
    lambda d: d.verdict.at if d.verdict else None,
    lambda d: d.verdict.reason if d.verdict else None,
    lambda d: _topics(d.verdict),
    lambda d: to_json(d.news),
    lambda d: d.revision,
)
"""The parameters of sql/update_documents.sql, in its order."""


def _topics(verdict: Verdict | None) -> str:
    if verdict is None:
        return "[]"
    return orjson.dumps([topic.model_dump(mode="json") for topic in verdict.topics]).decode()


def columns(documents: Sequence[Document]) -> list[list[object]]:
    """One list a column, each as long as `documents`."""
    return [[column(document) for document in documents] for column in _COLUMNS]
