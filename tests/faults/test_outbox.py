"""An event whose transaction was committed is published, also where the process died before it could publish."""

from __future__ import annotations

import asyncio

import asyncpg
from aiokafka.structs import ConsumerRecord
from docuvault_contracts import topics

from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.faults.support.wire import open_wire
from tests.stack.support.waiting import eventually

DOCUMENTS = 12
DELETED_BEFORE_KAFKA_CAME_BACK = ["upload.requested", "document.deleted"]
RECLASSIFIED = ["upload.requested", "document.reclassify_requested", "document.deleted"]


async def test_what_a_killed_process_had_committed_is_published_in_order_by_the_next(site: Site) -> None:
    user = await site.api.user()
    known = [await user.store(b"known before") for _ in range(DOCUMENTS)]
    await eventually(lambda: _waiting(site), becomes=0)
    async with site.processes.without("kafka"):
        new = [await user.put_new(b"put without kafka") for _ in range(DOCUMENTS)]
        assert {(await user.classify(each.document_id)).status for each in known} == {202}
        await site.processes.kill("upload-1")
        await site.processes.answers("upload-1")
        deleted = await asyncio.gather(*(user.delete(each.document_id) for each in (*known, *new)))
        assert {each.status for each in deleted} == {204}
        await site.processes.kill("upload-1")
        assert await _waiting(site) == DOCUMENTS * 4
    await eventually(lambda: _waiting(site), becomes=0, within=60)
    await assert_at_rest(site)
    async with open_wire(site.info) as wire:
        records = await wire.read(topics.DOCUMENTS.name)
    for each in new:
        assert _types(records, each.document_id) == DELETED_BEFORE_KAFKA_CAME_BACK
    for each in known:
        assert _types(records, each.document_id) == RECLASSIFIED
    assert await user.used_bytes() == 0
    assert await site.bucket.of(user.user_id) == set()


async def _waiting(site: Site) -> int:
    connection = await asyncpg.connect(site.info.databases["audit"])
    try:
        return int(await connection.fetchval("SELECT count(*) FROM upload.outbox"))
    finally:
        await connection.close()


def _types(records: list[ConsumerRecord[bytes, bytes]], document_id: str) -> list[str]:
    """What was said of a document through the outbox, in order; an event that was said twice counts once."""
    found = [dict(each.headers) for each in records if each.key == document_id.encode()]
    first = {headers["ce_id"]: headers["ce_type"].decode() for headers in reversed(found)}
    types = [first[id_] for id_ in dict.fromkeys(headers["ce_id"] for headers in found)]
    return [each for each in types if each != "upload.observed"]
