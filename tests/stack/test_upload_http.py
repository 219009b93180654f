"""The routes of one replica, on a real database and store, with the ledger's word coming from another replica."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import yarl
from structlog.testing import capture_logs

from services.chassis.producer import open_producer
from services.chassis.settings import KafkaSettings
from tests.stack.support.waiting import eventually as comes
from tests.stack.upload_service import Service, eventually, open_service

NOT_FOUND = (404, {"detail": "Document not found"})


@pytest.fixture
async def service(stack: Any, database: str) -> AsyncIterator[Service]:
    async with open_service(stack.info, database) as opened:
        yield opened


async def test_bytes_that_fit_are_confirmed_again_and_again_with_the_same_answer(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x" * 70)
    expected = (200, {"id": document, "size_bytes": 70, "used_bytes": 70, "status": "uploaded"})
    for _ in range(3):
        assert await service.confirm(user, document) == expected
    assert len(service.ledger.told) == 1


async def test_bytes_that_do_not_fit_are_refused_again_and_again_and_the_document_is_gone(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x" * 2000)
    expected = (413, {"detail": {"used_bytes": 0, "limit_bytes": 1000, "rejected_bytes": 2000, "over_by_bytes": 1000}})
    for _ in range(3):
        assert await service.confirm(user, document) == expected
    assert await service.call("GET", f"/api/documents/{document}", user) == NOT_FOUND
    assert (await service.call("GET", "/api/documents", user))[1]["items"] == []


async def test_without_bytes_there_is_nothing_to_confirm(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user)
    said = await service.confirm(user, document)
    assert said == (422, {"detail": "Upload not found — presigned URL may have expired"})


async def test_a_silent_ledger_is_a_202_that_says_when_to_come_back(stack: Any, database: str) -> None:
    async with open_service(stack.info, database, confirm_wait_seconds=0.2) as service:
        service.ledger.silent = True
        user = uuid4()
        document = await service.upload(user, b"x")
        async with service.raw("POST", f"/api/documents/{document}/confirm", user) as response:
            body = await response.json()
            assert (response.status, response.headers["Retry-After"]) == (202, "1")
            assert (body["id"], body["status"], bool(body["detail"])) == (document, "pending", True)
        service.ledger.silent = False
        await comes(lambda: _status(service, user, document), becomes=200)


async def _status(service: Service, user: UUID, document: str) -> int:
    """Of a confirm: 202 again where the machine is too busy for a fifth of a second."""
    return (await service.confirm(user, document))[0]


async def test_with_kafka_away_confirm_is_a_202_and_nothing_is_lost(
    stack: Any, database: str, unused_tcp_port: int
) -> None:
    kafka = KafkaSettings(kafka_bootstrap_servers=f"127.0.0.1:{unused_tcp_port}", kafka_publish_timeout_seconds=0.3)
    async with open_producer(kafka) as producer, open_service(stack.info, database, producer) as service:
        user = uuid4()
        document = await service.upload(user, b"xy")
        assert (await service.confirm(user, document))[0] == 202
        assert (await service.call("GET", f"/api/documents/{document}", user))[1]["status"] == "pending"


async def test_with_the_store_away_urls_are_signed_and_confirm_is_a_503(
    stack: Any, database: str, unused_tcp_port: int
) -> None:
    async with open_service(stack.info, database, minio_endpoint=f"127.0.0.1:{unused_tcp_port}") as service:
        user = uuid4()
        document = await service.upload(user)
        async with service.raw("POST", f"/api/documents/{document}/confirm", user) as response:
            assert (response.status, "Retry-After" in response.headers) == (503, True)
        assert service.ledger.told == []


async def test_many_confirms_of_one_document_at_once_get_one_answer(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x" * 9)
    answers = await asyncio.gather(*(service.confirm(user, document) for _ in range(64)))
    assert {(status, body["used_bytes"]) for status, body in answers} == {(200, 9)}
    assert len(service.replica.waiters) == 0


async def test_a_client_that_hangs_up_leaves_nothing_waiting(service: Service) -> None:
    service.ledger.silent = True
    user = uuid4()
    document = await service.upload(user, b"x")
    confirming = asyncio.create_task(service.confirm(user, document))
    await eventually(lambda: len(service.ledger.told) == 1 and len(service.replica.waiters) == 1)
    confirming.cancel()
    await eventually(lambda: len(service.replica.waiters) == 0, within=3)


async def test_a_confirm_that_nobody_wakes_is_answered_by_its_poll(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x")
    service.ledger.silent = True
    confirming = asyncio.create_task(service.confirm(user, document))
    await eventually(lambda: len(service.ledger.told) == 1)
    [seen] = service.ledger.told
    await service.replica.pool.execute(
        "UPDATE documents SET status = 'uploaded', version = 1, ruling = 'reserved', size_bytes = 1, etag = $1",
        seen.etag,
    )
    assert (await confirming)[0] == 200


async def test_another_users_document_is_nowhere_to_be_found(service: Service) -> None:
    owner, stranger = uuid4(), uuid4()
    document = await service.upload(owner, b"x")
    assert (await service.confirm(owner, document))[0] == 200
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/confirm"), ("POST", "/classify")):
        assert await service.call(method, f"/api/documents/{document}{path}", stranger) == NOT_FOUND
    assert (await service.call("GET", "/api/documents", stranger))[1] == {"items": [], "next_cursor": None}
    assert (await service.call("GET", f"/api/documents/{document}", owner))[0] == 200
    assert await service.replica.outbox_types() == ["upload.requested"]


@pytest.mark.parametrize(
    "document",
    [str(uuid4()), "1", "x" * 5000, "%00", "%ED%A0%80", f"{{{uuid4()}}}", uuid4().hex, "..%2f", "%F0%9F%93%84"],
)
async def test_an_id_that_is_none_is_not_found(service: Service, document: str) -> None:
    user = uuid4()
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/confirm"), ("POST", "/classify")):
        url = yarl.URL(f"/api/documents/{document}{path}", encoded=True)
        assert await service.call(method, url, user) == NOT_FOUND


async def test_no_byte_of_a_document_passes_through_here(service: Service) -> None:
    status, answer = await service.call("POST", "/api/documents/upload", uuid4(), b"--x\r\n")
    assert (status, list(answer)) == (405, ["detail"])


@pytest.mark.parametrize(
    "filename",
    [
        "Ünïcödé 文件 \U0001f4c4.pdf",
        "invoice\u202egpj.exe",
        "e\u0301.txt",
        "a'; DROP TABLE documents; --",
        "%2e%2e%2f",
        "x" * 1024,
    ],
)
async def test_a_strange_file_name_comes_back_as_it_was(service: Service, filename: str) -> None:
    user = uuid4()
    document = await service.upload(user, b"x", filename)
    assert (await service.confirm(user, document))[0] == 200
    assert (await service.call("GET", f"/api/documents/{document}", user))[1]["filename"] == filename


@pytest.mark.parametrize(
    ("filename", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\Users\\me\\cv.doc", "cv.doc"), ("/a/b/.bashrc", ".bashrc"), ("a/../b", "b")],
)
async def test_of_a_path_only_the_last_component_is_kept(service: Service, filename: str, kept: str) -> None:
    user = uuid4()
    document = await service.upload(user, None, filename)
    assert (await service.call("GET", f"/api/documents/{document}", user))[1]["filename"] == kept


@pytest.mark.parametrize(
    "filename",
    ["", " ", "a/", "..", "../..", ".", "x" * 1025, "x" * 10_000, "a\0b", "a\nb", "a\ud800b", "\x7f", 5, None, ["a"]],
)
async def test_a_file_name_that_cannot_be_kept_is_named_in_a_422(service: Service, filename: object) -> None:
    user = uuid4()
    body = {"filename": filename, "content_type": "text/plain"}
    status, answer = await service.call("POST", "/api/documents/upload-url", user, body)
    assert (status, {tuple(problem["loc"]) for problem in answer["detail"]}) == (422, {("body", "filename")})
    assert (await service.call("GET", "/api/documents", user))[1]["items"] == []


@pytest.mark.parametrize(
    "content_type", [" ", "text", "text/", "/", "a b/c", "text/plain\r\nX: y", "ü/x", "a/" + "b" * 255, None]
)
async def test_a_content_type_that_is_none_is_named_in_a_422(service: Service, content_type: object) -> None:
    body = {"filename": "a", "content_type": content_type}
    status, answer = await service.call("POST", "/api/documents/upload-url", uuid4(), body)
    assert (status, {tuple(problem["loc"]) for problem in answer["detail"]}) == (422, {("body", "content_type")})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("status=deleted", "status"),
        ("status=rejected", "status"),
        ("topic=", "topic"),
        ("topic=a%00b", "topic"),
    ],
)
async def test_a_query_that_cannot_be_answered_is_named_in_a_422(service: Service, query: str, field: str) -> None:
    status, answer = await service.call("GET", f"/api/documents?{query}", uuid4())
    assert (status, {tuple(problem["loc"]) for problem in answer["detail"]}) == (422, {("query", field)})


async def test_a_topic_that_is_no_text_finds_nothing(service: Service) -> None:
    url = yarl.URL("/api/documents?topic=%ED%A0%80%FF", encoded=True)
    status, _ = await service.call("GET", url, uuid4())
    assert status in {200, 422}


async def test_the_pages_of_the_list_meet(service: Service) -> None:
    user = uuid4()
    made = [await service.upload(user) for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while len(seen) < 6:
        page = (await service.call("GET", f"/api/documents?limit=2{cursor}", user))[1]
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]


async def test_only_what_is_uploaded_can_be_classified_again(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x")
    path = f"/api/documents/{document}/classify"
    assert (await service.call("POST", path, user))[0] == 409
    await service.confirm(user, document)
    status, answer = await service.call("POST", path, user)
    assert (status, answer["id"], answer["status"]) == (202, document, "uploaded")
    assert await service.replica.outbox_types() == ["upload.requested", "document.reclassify_requested"]


async def test_a_deleted_document_is_gone_on_every_route(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x")
    await service.confirm(user, document)
    assert await service.call("DELETE", f"/api/documents/{document}", user) == (204, None)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/confirm"), ("POST", "/classify")):
        assert await service.call(method, f"/api/documents/{document}{path}", user) == NOT_FOUND
    assert await service.replica.outbox_types() == ["upload.requested", "document.deleted"]


async def test_the_callers_trace_goes_on_in_the_event(service: Service) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    body = b'{"filename": "a", "content_type": "a/b"}'
    await service.call(
        "POST", "/api/documents/upload-url", uuid4(), body, traceparent=f"00-{trace}-b7ad6b7169203331-01"
    )
    [headers] = await service.replica.outbox_headers()
    assert headers["traceparent"].split("-")[1] == trace


async def test_no_log_line_holds_the_url(service: Service) -> None:
    user = uuid4()
    with capture_logs() as logs:
        document = await service.upload(user, b"x")
        await service.confirm(user, document)
    assert document in {line.get("document_id") for line in logs}
    assert "X-Amz" not in repr(logs)
    assert "http://" not in repr(logs)


async def test_a_caller_who_asks_for_too_many_urls_waits_and_may_do_all_else_meanwhile(
    stack: Any, database: str
) -> None:
    user, body = uuid4(), json.dumps({"filename": "a.txt", "content_type": "text/plain"}).encode()
    async with open_service(stack.info, database, signing_per_second=1, signing_burst=100) as service:
        document, asked, status = await service.upload(user, b"x"), 1, 200
        while status == 200:
            async with service.raw("POST", "/api/documents/upload-url", user, body) as response:
                answer, status, wait = await response.json(), response.status, response.headers.get("Retry-After")
                asked += 1
        assert asked > 100
        assert (status, wait) == (429, "1")
        assert answer == {"detail": "Too many presigned URLs asked for, try again in 1 s"}
        assert (await service.confirm(user, document))[0] == 200
        assert (await service.call("GET", "/api/documents?limit=1", user))[0] == 200
        assert await service.upload(uuid4())
        await asyncio.sleep(float(wait))
        assert await service.upload(user)


async def test_many_urls_at_once_count_as_many(stack: Any, database: str) -> None:
    file = {"filename": "a.txt", "content_type": "text/plain"}
    async with open_service(stack.info, database, signing_per_second=0.01, signing_burst=100) as service:

        async def status(user: UUID, path: str, body: object) -> int:
            return (await service.call("POST", f"/api/documents/{path}", user, body))[0]

        one, other = uuid4(), uuid4()
        assert await status(one, "upload-urls", {"files": [file | {"filename": "a" * 1000}] * 99}) == 200
        assert await status(one, "upload-urls", {"files": [file] * 2}) == 429
        assert await status(one, "sign-request", file | {"method": "PUT", "key": "a.txt"}) == 200
        assert await status(one, "sign-request", file | {"method": "PUT", "key": "a.txt"}) == 429
        begun = (await service.call("POST", "/api/documents/multipart", other, file))[1]
        parts = f"multipart/{begun['document_id']}/parts/sign"
        assert await status(other, parts, {"part_numbers": list(range(1, 100))}) == 200
        assert await status(other, parts, {"part_numbers": [1]}) == 429
        assert await status(other, "multipart", file) == 429
