"""The table of documents, brought back in one transaction of the caller's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.delivery import Record
from services.chassis.postgres import Connection, load_sql
from services.upload.restore.reading import Lost, read

SQL = load_sql("services.upload.restore")


@dataclass(frozen=True, slots=True)
class Restored:
    """How many documents were brought back, and how many became tombstones again."""

    documents: int
    tombstones: int


async def restore(connection: Connection, said: AsyncIterator[Sequence[Record]]) -> Restored:
    """Takes the records of topic `documents` since before the backup; done again, it does nothing.

    A deletion follows its request, in one partition: what comes together is made first and buried then.
    """
    documents = tombstones = 0
    async for records in said:
        found = [lost for record in records if (lost := read(record)) is not None]
        documents += await bring_back(connection, [lost for lost in found if not lost.deleted])
        tombstones += await _put(connection, "restore_deleted", _once(lost for lost in found if lost.deleted))
    return Restored(documents, tombstones)


async def bring_back(connection: Connection, lost: Sequence[Lost]) -> int:
    """Makes the documents that are not there; how many those were."""
    return await _put(connection, "restore_requested", lost)


def _once(lost: Iterable[Lost]) -> Sequence[Lost]:
    """One statement changes no row twice."""
    return [*{each.id: each for each in lost}.values()]


async def _put(connection: Connection, statement: str, lost: Sequence[Lost]) -> int:
    if not lost:
        return 0
    rows = [
        (
            each.id,
            each.user_id,
            each.object_key,
            each.filename,
            each.content_type,
            each.created_at,
            each.expires_at,
            each.multipart,
        )
        for each in lost
    ]
    status = await connection.execute(SQL[statement], *map(list, zip(*rows, strict=True)))
    return int(status.rsplit(" ", 1)[1])


async def knows(connection: Connection, records: Sequence[Record]) -> bool:
    """Whether the records ask for documents, and all of those are there."""
    asked = [lost.id for record in records if (lost := read(record)) is not None and not lost.deleted]
    return bool(asked) and not await connection.fetchval(SQL["restore_unknown"], asked)


async def newest_document(connection: Connection) -> datetime | None:
    """When a document was written last."""
    found: datetime | None = await connection.fetchval(SQL["restore_newest"])
    return found
