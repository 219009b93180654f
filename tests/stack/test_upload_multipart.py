"""Uploads in parts over HTTP, on a real database and store: resumed, repeated, raced, aborted, refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession

from services.chassis.auth import TokenVerifier
from services.chassis.storage_minio import MinioStorage, open_storage
from services.chassis.web import listening, make_app
from services.upload.accounts import Account
from services.upload.http import Tables
from services.upload.multipart_http import make_multipart_routes
from services.upload.multipart_store import PgMultiparts
from services.upload.uploads import RequestUpload, Signer
from tests.stack.support.parts import LEAST, put_part, query_of
from tests.stack.upload_service import Answer, Service, open_service

NOT_FOUND = (404, {"detail": "Document not found"})
COMPLETE = (409, {"detail": "The upload is complete already: confirm it"})
EXPIRED = (409, {"detail": "The upload has expired: begin anew"})
LOST = (409, {"detail": "The store has no such multipart upload any more: begin anew"})
PATHS = (("GET", "/parts"), ("POST", "/parts/sign"), ("POST", "/complete"), ("DELETE", ""))
SMALL = b"small enough for the ledger of these tests"


@dataclass(frozen=True, slots=True)
class Owner:
    """One user of a service, and what they do with uploads in parts."""

    service: Service
    id: UUID

    async def begin(self, **fields: Any) -> dict[str, Any]:
        body = {"filename": "film.mp4", "content_type": "video/mp4"} | fields
        status, begun = await self.service.call("POST", "/api/documents/multipart", self.id, body)
        assert status == 200, begun
        return dict(begun)

    async def of(self, begun: Mapping[str, Any], method: str, path: str, body: object = None) -> Answer:
        """A call about an upload."""
        return await self.service.call(method, f"/api/documents/multipart/{begun['document_id']}{path}", self.id, body)

    async def sign(self, begun: Mapping[str, Any], *numbers: int) -> Answer:
        return await self.of(begun, "POST", "/parts/sign", {"part_numbers": numbers})

    async def put(self, begun: Mapping[str, Any], number: int, data: bytes) -> dict[str, Any]:
        """What completes a part that was put."""
        status, signed = await self.sign(begun, number)
        assert status == 200, signed
        return {"PartNumber": number, "ETag": await put_part(self.service.session, signed["urls"][str(number)], data)}

    async def complete(self, begun: Mapping[str, Any], *parts: Mapping[str, Any]) -> Answer:
        return await self.of(begun, "POST", "/complete", {"parts": parts})

    async def row(self, begun: Mapping[str, Any]) -> dict[str, Any]:
        found = await self.service.replica.pool.fetchrow(
            "SELECT * FROM documents WHERE id = $1", UUID(begun["document_id"])
        )
        assert found is not None
        return dict(found)

    @asynccontextmanager
    async def storage(self) -> AsyncIterator[MinioStorage]:
        """The store as the service sees it."""
        async with open_storage(self.service.settings) as storage:
            yield storage

    async def uploads(self, begun: Mapping[str, Any]) -> Sequence[str]:
        """The ids of what is open in the store under the document's key."""
        async with self.storage() as storage:
            return [each.upload_id for each in await storage.multipart.list_uploads(begun["key"])]


@pytest.fixture
async def service(stack: Any, database: str) -> AsyncIterator[Service]:
    async with open_service(stack.info, database) as opened:
        yield opened


@pytest.fixture
def owner(service: Service) -> Owner:
    return Owner(service, uuid4())


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


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([(1, "0" * 32)], "InvalidPart"),
        ([(1, "mine"), (2, "0" * 32)], "InvalidPart"),
        ([(2, "mine"), (1, "mine")], "value_error"),
        ([(1, "mine"), (1, "mine")], "value_error"),
        ([], "too_short"),
        ([(0, "mine")], "greater_than_equal"),
        ([(10_001, "mine")], "less_than_equal"),
        ([(1, "<a>\n")], "string_pattern_mismatch"),
    ],
)
async def test_wrong_parts_are_a_422_that_says_what_is_wrong_and_nothing_is_lost(
    owner: Owner, parts: list[tuple[int, str]], said: str
) -> None:
    begun = await owner.begin()
    good = await owner.put(begun, 1, SMALL)
    named = [{"PartNumber": number, "ETag": good["ETag"] if etag == "mine" else etag} for number, etag in parts]
    status, answer = await owner.complete(begun, *named)
    assert (status, answer["detail"][0]["type"], answer["detail"][0]["loc"][:2]) == (422, said, ["body", "parts"])
    assert (await owner.complete(begun, good))[0] == 200


async def test_a_part_that_is_too_small_is_named(owner: Owner) -> None:
    begun = await owner.begin()
    parts = [await owner.put(begun, number, SMALL) for number in (1, 2)]
    status, answer = await owner.complete(begun, *parts)
    assert (status, answer["detail"][0]["type"]) == (422, "EntityTooSmall")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/multipart", {"filename": "a", "content_type": "a/b", "size_bytes": 5 * 1024**4 + 1}),
        ("/multipart", {"filename": "a", "content_type": "a/b", "size_bytes": -1}),
        ("/multipart", {"content_type": "a/b"}),
        ("/multipart/{id}/parts/sign", {"part_numbers": []}),
        ("/multipart/{id}/parts/sign", {"part_numbers": [*range(1, 102)]}),
        ("/multipart/{id}/parts/sign", {"part_numbers": ["1"]}),
        ("/sign-request", {"method": "PUT", "key": "k"}),
        ("/sign-request", {"method": "GET", "key": "k", "filename": "a"}),
        ("/sign-request", {"method": "DELETE", "key": "k", "filename": "a"}),
        ("/sign-request", {"method": "PUT", "key": "k", "uploadId": "u"}),
        ("/sign-request", {"method": "POST", "key": "k", "uploadId": "u", "partNumber": 1}),
        ("/sign-request", {"method": "PATCH", "key": "k", "filename": "a"}),
    ],
)
async def test_what_does_not_fit_is_a_422(owner: Owner, path: str, body: object) -> None:
    begun = await owner.begin()
    url = f"/api/documents{path.format(id=begun['document_id'])}"
    assert (await owner.service.call("POST", url, owner.id, body))[0] == 422


async def test_the_largest_complete_there_is_is_read(owner: Owner) -> None:
    begun = await owner.begin()
    parts = [{"PartNumber": number, "ETag": f'"{"0" * 32}"', "x": "y" * 200} for number in range(1, 10_001)]
    status, answer = await owner.complete(begun, *parts)
    assert (status, answer["detail"][0]["type"]) == (422, "InvalidPart")
    url = f"/api/documents/multipart/{begun['document_id']}/complete"
    assert (await owner.service.call("POST", url, owner.id, b" " * (4 * 1024 * 1024 + 1)))[0] == 413


async def test_nobody_else_gets_at_an_upload(owner: Owner) -> None:
    begun, stranger = await owner.begin(), Owner(owner.service, uuid4())
    for method, path in PATHS:
        body = {
            "/parts/sign": {"part_numbers": [1]},
            "/complete": {"parts": [{"PartNumber": 1, "ETag": "e"}]},
        }.get(path)
        assert await stranger.of(begun, method, path, body) == NOT_FOUND
        assert await owner.of({"document_id": "none"}, method, path, body) == NOT_FOUND
    for method in ("PUT", "GET", "POST", "DELETE"):
        asked = {"method": method, "key": begun["key"], "uploadId": begun["upload_id"]}
        asked |= {"partNumber": 1} if method == "PUT" else {}
        assert await stranger.service.call("POST", "/api/documents/sign-request", stranger.id, asked) == NOT_FOUND
        for key in (begun["key"][:-1], f"{stranger.id}/x", "x"):
            changed = asked | {"key": key}
            assert await owner.service.call("POST", "/api/documents/sign-request", owner.id, changed) == NOT_FOUND
    assert (await owner.row(begun))["status"] == "pending"


async def test_a_document_that_comes_in_one_piece_has_no_parts(owner: Owner) -> None:
    document = await owner.service.upload(owner.id, SMALL)
    for method, path in PATHS:
        body = {
            "/parts/sign": {"part_numbers": [1]},
            "/complete": {"parts": [{"PartNumber": 1, "ETag": "e"}]},
        }.get(path)
        assert await owner.of({"document_id": document}, method, path, body) == NOT_FOUND
    assert (await owner.service.confirm(owner.id, document))[0] == 200


async def test_an_upload_that_has_expired_may_only_be_aborted(owner: Owner) -> None:
    begun = await owner.begin()
    part = await owner.put(begun, 1, SMALL)
    await owner.service.replica.pool.execute(
        "UPDATE documents SET expires_at = now(), created_at = now() - '1 d'::interval"
    )
    assert await owner.sign(begun, 1) == EXPIRED
    assert await owner.of(begun, "GET", "/parts") == EXPIRED
    assert await owner.complete(begun, part) == EXPIRED
    assert await owner.of(begun, "DELETE", "") == (204, None)


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


@asynccontextmanager
async def without_store(owner: Owner, port: int) -> AsyncIterator[Owner]:
    """The same owner at another replica, for which the store is away."""
    service = owner.service
    settings = service.settings.model_copy(update={"minio_endpoint": f"127.0.0.1:{port}"})
    replica = service.replica
    tables = Tables(replica.documents, replica.accounts, replica.keys)
    multiparts = PgMultiparts(replica.pool, replica.outbox)
    async with AsyncExitStack() as exits:
        storage = await exits.enter_async_context(open_storage(settings))
        request_upload = RequestUpload(tables.documents, tables.accounts, Signer(storage, settings.upload_url_minutes))
        routes = make_multipart_routes(settings, tables, multiparts, storage, request_upload)
        app = make_app(settings, TokenVerifier(settings), ready={}, setup=routes.setup)
        found = await exits.enter_async_context(listening(app, settings))
        session = await exits.enter_async_context(ClientSession(f"http://127.0.0.1:{found}"))
        yield Owner(replace(service, settings=settings, session=session), owner.id)


async def test_with_the_store_away_all_is_a_503_and_nothing_is_lost(owner: Owner, unused_tcp_port: int) -> None:
    begun = await owner.begin()
    part = await owner.put(begun, 1, SMALL)
    async with without_store(owner, unused_tcp_port) as there:
        assert (await there.of(begun, "GET", "/parts"))[0] == 503
        assert (await there.complete(begun, part))[0] == 503
        asked = {"filename": "a", "content_type": "a/b"}
        assert (await there.service.call("POST", "/api/documents/multipart", owner.id, asked))[0] == 503
        assert (await there.sign(begun, 2))[0] == 200  # a URL is made without the store
    assert (await owner.complete(begun, part))[0] == 200
    assert (await owner.service.confirm(owner.id, begun["document_id"]))[0] == 200


async def test_an_abort_with_the_store_away_is_done_all_the_same_and_left_to_the_janitor(
    owner: Owner, unused_tcp_port: int
) -> None:
    begun = await owner.begin()
    async with without_store(owner, unused_tcp_port) as there:
        assert await there.of(begun, "DELETE", "") == (204, None)
    assert await owner.uploads(begun) == [begun["upload_id"]]
    assert (await owner.row(begun))["status"] == "deleted"


async def _knows_account(owner: Owner, used: int, limit: int) -> None:
    account = Account(used, limit, datetime.now(UTC))
    await owner.service.replica.accounts.learn({owner.id: account})


async def test_what_cannot_fit_is_refused_before_anything_is_made(owner: Owner) -> None:
    await _knows_account(owner, 60, 100)
    asked = {"filename": "a", "content_type": "a/b", "size_bytes": 41}
    refused = {"used_bytes": 60, "limit_bytes": 100, "rejected_bytes": 41, "over_by_bytes": 1}
    for path, more in (
        ("multipart", {}),
        ("sign-request", {"method": "POST", "key": "k"}),
        ("sign-request", {"method": "PUT", "key": "k"}),
    ):
        answer = await owner.service.call("POST", f"/api/documents/{path}", owner.id, asked | more)
        assert answer == (413, {"detail": refused})
    assert await owner.service.replica.outbox_types() == []
    begun = await owner.begin(size_bytes=40)
    assert (await owner.row(begun))["declared_bytes"] == 40


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
