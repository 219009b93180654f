"""Uploads in parts over HTTP: what does not fit, is nobody's, is over, or cannot be asked for now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from services.chassis.auth import TokenVerifier
from services.chassis.storage_minio import open_storage
from services.chassis.web import listening, make_app
from services.upload.accounts import Account
from services.upload.http import Tables, make_routes
from services.upload.multipart.http import make_multipart_routes
from services.upload.multipart.store import PgMultiparts
from tests.stack.upload_owner import EXPIRED, NOT_FOUND, PATHS, SMALL, Owner
from tests.stack.upload_service import open_service


@pytest.fixture
async def owner(stack: Any, database: str) -> AsyncIterator[Owner]:
    async with open_service(stack.info, database) as service:
        yield Owner(service, uuid4())


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
        uploads = make_routes(settings, tables, storage, service.ledger, replica.waiters).uploads
        routes = make_multipart_routes(settings, tables, multiparts, storage, uploads)
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
