"""What all services and topics hold about a document that ended badly: for whoever looks into it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
from aiokafka.structs import ConsumerRecord
from docuvault_contracts import topics

from deploy.local.info import StackInfo
from tests.campaign.oracle import Wrong
from tests.faults.support.wire import Wire

MOST = 3
"""Documents that are shown in full."""
MOST_CHARS = 400
TOPICS = (
    *(topics.DOCUMENTS, topics.STORAGE_EVENTS, topics.QUOTA, topics.CLASSIFICATION),
    *(topics.STORAGE_JANITOR, topics.CHANGES),
)
ROWS = {
    "upload.documents": "SELECT d::text FROM upload.documents d WHERE object_key = $1",
    "quota.superseded": "SELECT s::text FROM quota.superseded s WHERE object_key = $1 ORDER BY version",
    "quota.reservations": "SELECT r::text FROM quota.reservations r WHERE object_key = $1",
    "janitor.objects": "SELECT o::text FROM janitor.objects o WHERE object_key = $1",
    "classifier.documents": "SELECT (to_jsonb(d) - '{vector,terms}'::text[])::text FROM classifier.documents d "
    "WHERE object_key = $1",
}


async def evidence_of(info: StackInfo, wire: Wire, found: Sequence[Wrong]) -> list[str]:
    """For the first few documents: their rows, and every record that names them."""
    tales = [each.tale for each in found if each.tale is not None][:MOST]
    records = [record for topic in TOPICS for record in await wire.read(topic.name)] if tales else []
    records.sort(key=lambda record: record.timestamp)
    lines: list[str] = []
    for tale in tales:
        lines += [f"  {tale.upload.key}:", *await _rows(info, tale.upload.key)]
        about = tale.upload.document_id.encode()
        lines += [_shown(record) for record in records if about in (record.value or b"")]
    return lines


async def _rows(info: StackInfo, key: str) -> list[str]:
    connection = await asyncpg.connect(info.databases["audit"])
    try:
        found = {table: await connection.fetch(query, key) for table, query in ROWS.items()}
    finally:
        await connection.close()
    return [f"    {table}: {row[0]}" for table, rows in found.items() for row in rows]


def _shown(record: ConsumerRecord[bytes, bytes]) -> str:
    kind = (dict(record.headers).get("ce_type") or b"").decode(errors="replace")
    time = datetime.fromtimestamp(record.timestamp / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    value = (record.value or b"").decode(errors="replace")[:MOST_CHARS]
    return f"    {time} {record.topic}/{record.partition}@{record.offset} {kind} {value}"
