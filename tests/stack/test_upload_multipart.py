"""Uploads in parts over HTTP, on a real database and store: resumed, repeated, raced, aborted, gone on with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.upload.multipart.store import PgMultiparts
from tests.stack.support.parts import LEAST, query_of
from tests.stack.upload_owner import COMPLETE, LOST, NOT_FOUND, PATHS, SMALL, Owner
from tests.stack.upload_service import Answer, open_service


@pytest.fixture
async def owner(stack: Any, database: str) -> AsyncIterator[Owner]:
    async with open_service(stack.info, database) as service:
        yield Owner(service, uuid4())


async def test_a_file_in_parts_is_resumed_after_a_reload_and_confirmed_as_any(owner: Owner) -> None:
    begun = await owner.begin(size_bytes=LEAST + len(SMALL))
    assert begun["uploadId"] == begun["upload_id"]
    assert begun["part_size_bytes"] == 16 * 1024 * 1024
    await owner.put(begun, 1, b"a" * LEAST)
    status, listed = await owner.of(begun, "GET", "/parts")  # all that a reloaded page knows is the document's id
    assert (status, [(part["PartNumber"], part["Size"]) for part in listed]) == (200, [(1, LEAST)])
    last = await owner.put(begun, 2, SMALL)
    status, done = await owner.complete(begun, listed[0], last | {"Extra": "as Uppy has them"})
    assert (status, done["document_id"], done["key"]) == (200, begun["document_id"], begun["key"])
    assert done["location"].endswith(begun["key"])
    assert (await owner.service.confirm(owner.id, begun["document_id"]))[
        0
    ] == 413  # the tests' ledger has room for 1,000
    assert (await owner.complete(begun, last))[1]["detail"]["rejected_bytes"] == LEAST + len(SMALL)
    assert await owner.of(begun, "GET", "/parts") == NOT_FOUND


async def test_completing_again_and_confirming_say_the_same_however_often(owner: Owner) -> None:
    begun = await owner.begin()
    part = await owner.put(begun, 1, SMALL)
    first = await owner.complete(begun, part)
    assert await owner.complete(begun, part) == first
    confirmed = await owner.service.confirm(owner.id, begun["document_id"])
    assert (confirmed[0], confirmed[1]["size_bytes"]) == (200, len(SMALL))
    assert await owner.complete(begun, part) == first
    assert await owner.sign(begun, 2) == COMPLETE
    assert await owner.of(begun, "GET", "/parts") == COMPLETE
    assert await owner.of(begun, "DELETE", "") == COMPLETE
    assert await owner.service.confirm(owner.id, begun["document_id"]) == confirmed
    assert await owner.uploads(begun) == []


async def test_many_completes_at_once_make_one_object_and_all_say_so(owner: Owner) -> None:
    begun = await owner.begin()
    part = await owner.put(begun, 1, SMALL)
    answers = await asyncio.gather(*(owner.complete(begun, part) for _ in range(8)))
    assert {status for status, _ in answers} == {200}
    assert (await owner.service.confirm(owner.id, begun["document_id"]))[0] == 200


async def test_an_aborted_upload_is_gone_for_good_with_its_parts(owner: Owner) -> None:
    begun = await owner.begin()
    part = await owner.put(begun, 1, SMALL)
    assert await owner.of(begun, "DELETE", "") == (204, None)
    assert await owner.uploads(begun) == []
    for method, path in PATHS:
        body = {"/parts/sign": {"part_numbers": [1]}, "/complete": {"parts": [part]}}.get(path)
        assert await owner.of(begun, method, path, body) == NOT_FOUND
    assert await owner.service.call("GET", f"/api/documents/{begun['document_id']}", owner.id) == NOT_FOUND
    assert await owner.service.replica.outbox_types() == ["upload.requested", "document.deleted"]


async def test_an_abort_and_a_complete_at_once_end_in_one_of_both(owner: Owner) -> None:
    for _ in range(6):
        begun = await owner.begin()
        part = await owner.put(begun, 1, SMALL)
        aborted, completed = await asyncio.gather(owner.of(begun, "DELETE", ""), owner.complete(begun, part))
        assert (aborted[0], completed[0]) in {(204, 200), (204, 404)}
        assert (await owner.row(begun))["reason"] == "document_deleted"
        assert await owner.uploads(begun) == []


async def test_deleting_the_document_says_that_its_parts_have_to_go(owner: Owner) -> None:
    begun = await owner.begin()
    await owner.put(begun, 1, SMALL)
    assert (await owner.service.call("DELETE", f"/api/documents/{begun['document_id']}", owner.id))[0] == 204
    rows = await owner.service.replica.pool.fetch("SELECT convert_from(value, 'UTF8') AS value FROM outbox ORDER BY id")
    assert all('"multipart":true' in row["value"] for row in rows)
    assert await owner.complete(begun, {"PartNumber": 1, "ETag": "e"}) == NOT_FOUND


async def test_urls_end_with_the_upload_and_never_live_longer_than_they_must(owner: Owner) -> None:
    begun = await owner.begin()
    _, signed = await owner.sign(begun, 1, 2)
    assert sorted(signed["urls"]) == ["1", "2"]
    assert {query_of(url)["X-Amz-Expires"] for url in signed["urls"].values()} == {"3600"}
    await owner.service.replica.pool.execute("UPDATE documents SET expires_at = now() + '90 s'::interval")
    _, signed = await owner.sign(begun, 1)
    assert 80 <= int(query_of(signed["urls"]["1"])["X-Amz-Expires"]) <= 90


async def test_a_store_that_has_lost_the_upload_is_told_from_one_that_completed_it(owner: Owner) -> None:
    lost, done = await owner.begin(), await owner.begin()
    async with owner.storage() as storage:
        await storage.multipart.abort(lost["key"], lost["upload_id"])
        part = await owner.put(done, 1, SMALL)
        await storage.multipart.complete(done["key"], done["upload_id"], [(1, part["ETag"].strip('"'))])
    assert await owner.of(lost, "GET", "/parts") == LOST
    assert await owner.complete(lost, part) == LOST
    assert await owner.of(done, "GET", "/parts") == COMPLETE
    assert (await owner.complete(done, part | {"ETag": "0" * 32}))[0] == 200


async def test_a_row_that_knows_no_upload_finds_it_in_the_store_or_begins_another(owner: Owner) -> None:
    known, unknown = await owner.begin(), await owner.begin()
    part = await owner.put(known, 1, SMALL)
    await owner.service.replica.pool.execute("UPDATE documents SET upload_id = NULL")
    async with owner.storage() as storage:
        await storage.multipart.abort(unknown["key"], unknown["upload_id"])
    assert (await owner.of(known, "GET", "/parts"))[1][0]["ETag"] == part["ETag"].strip('"')
    assert await owner.of(unknown, "GET", "/parts") == (200, [])
    assert (await owner.row(known))["upload_id"] == known["upload_id"]
    assert [(await owner.row(unknown))["upload_id"]] == await owner.uploads(unknown)
    assert (await owner.complete(known, part))[0] == 200
    assert (await owner.complete(unknown, await owner.put(unknown, 1, SMALL)))[0] == 200


async def test_a_create_that_is_sent_again_under_its_key_makes_one_upload(owner: Owner) -> None:
    asked = {"filename": "a", "content_type": "a/b", "size_bytes": 7}
    key = {"Idempotency-Key": "the one key"}

    async def create(body: object) -> Answer:
        return await owner.service.call("POST", "/api/documents/multipart", owner.id, body, **key)

    answers = await asyncio.gather(*(create(asked) for _ in range(6)))
    assert {status for status, _ in answers} == {200}
    assert len({(body["document_id"], body["upload_id"]) for _, body in answers}) == 1
    begun = answers[0][1]
    assert await owner.uploads(begun) == [begun["upload_id"]]
    assert (await create(asked | {"size_bytes": 8}))[1]["detail"][0]["type"] == "idempotency_key_reused"
    assert await owner.of(begun, "DELETE", "") == (204, None)
    assert (await create(asked))[1]["detail"][0]["type"] == "idempotency_key_expired"


async def test_a_create_that_died_before_the_store_heard_of_it_is_gone_on_with_under_its_key(owner: Owner) -> None:
    key, asked = {"Idempotency-Key": "another"}, {"filename": "a", "content_type": "a/b"}
    _, begun = await owner.service.call("POST", "/api/documents/multipart", owner.id, asked, **key)
    async with owner.storage() as storage:
        await storage.multipart.abort(begun["key"], begun["upload_id"])
    await owner.service.replica.pool.execute("UPDATE documents SET upload_id = NULL")
    _, again = await owner.service.call("POST", "/api/documents/multipart", owner.id, asked, **key)
    assert again["document_id"] == begun["document_id"]
    assert await owner.uploads(again) == [again["upload_id"]]


async def test_of_two_uploads_the_one_that_was_named_first_is_the_documents(owner: Owner) -> None:
    begun, replica = await owner.begin(), owner.service.replica
    multiparts, document = PgMultiparts(replica.pool, replica.outbox), UUID(begun["document_id"])
    assert await multiparts.name(document, "another") == begun["upload_id"]
    await replica.pool.execute("UPDATE documents SET upload_id = NULL")
    assert [await multiparts.name(document, named) for named in ("one", "two", "one")] == ["one"] * 3
    assert await owner.of(begun, "DELETE", "") == (204, None)
    assert await multiparts.name(document, "one") is None
