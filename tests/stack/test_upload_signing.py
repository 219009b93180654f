"""URLs to put files to, on a real database and store: early refusal, bound URLs, batches, and requests sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from docuvault_contracts.events import LimitChanged
from structlog.testing import capture_logs

from tests.stack.upload_replicas import Replica
from tests.stack.upload_service import Answer, Service, open_service

ONE, MANY = "/api/documents/upload-url", "/api/documents/upload-urls"
ONCE = {"If-None-Match": "*"}


@pytest.fixture
async def service(stack: Any, database: str) -> AsyncIterator[Service]:
    async with open_service(stack.info, database) as opened:
        yield opened


def file(name: str = "a.txt", **fields: object) -> dict[str, object]:
    return {"filename": name, "content_type": "text/plain"} | fields


async def ask(service: Service, user: UUID, *files: dict[str, object], key: str | None = None) -> Answer:
    """For one where one is given, for a batch where several are."""
    headers = {} if key is None else {"Idempotency-Key": key}
    body: object = files[0] if len(files) == 1 else {"files": files}
    return await service.call("POST", ONE if len(files) == 1 else MANY, user, body, **headers)


async def account(service: Service, used: int, limit: int) -> UUID:
    """A user whose account is heard of like this."""
    user = uuid4()
    now = datetime.now(UTC)
    await service.replica.hear(LimitChanged(user_id=user, limit_bytes=limit, used_bytes=used, changed_at=now))
    return user


async def put(service: Service, url: str, data: bytes, headers: Mapping[str, str] | None = None) -> int:
    async with service.session.put(url, data=data, headers=headers) as response:
        return int(response.status)


async def listed(service: Service, user: UUID) -> list[str]:
    return [item["id"] for item in (await service.call("GET", "/api/documents?limit=100", user))[1]["items"]]


async def nothing_was_made(service: Service, user: UUID) -> bool:
    return await listed(service, user) == [] and await service.replica.outbox_types() == []


async def test_what_cannot_fit_is_refused_before_a_byte_is_sent(service: Service) -> None:
    user = await account(service, used=990, limit=1000)
    refused = {"used_bytes": 990, "limit_bytes": 1000, "rejected_bytes": 11, "over_by_bytes": 1}
    assert await ask(service, user, file(size_bytes=11)) == (413, {"detail": refused})
    assert await nothing_was_made(service, user)
    status, answer = await ask(service, user, file(size_bytes=10))
    assert status == 200
    assert (await service.call("GET", f"/api/documents/{answer['document_id']}", user))[1]["declared_bytes"] == 10


async def test_a_user_nobody_has_heard_of_and_a_file_of_no_declared_size_are_not_refused(service: Service) -> None:
    full = await account(service, used=1000, limit=1000)
    assert (await ask(service, uuid4(), file(size_bytes=10**12)))[0] == 200
    status, answer = await ask(service, full, file())
    assert (status, answer["headers"]) == (200, {})
    assert (await service.call("GET", f"/api/documents/{answer['document_id']}", full))[1]["declared_bytes"] is None


async def test_a_stale_copy_never_overrides_the_ledger(service: Service) -> None:
    roomy, full = await account(service, used=0, limit=10**9), await account(service, used=10**9, limit=10**9)
    _, answer = await ask(service, roomy, file(size_bytes=2000))
    assert await put(service, answer["upload_url"], b"x" * 2000) == 200
    assert (await service.confirm(roomy, answer["document_id"]))[0] == 413
    document = await service.upload(full, b"x" * 70)
    assert (await service.confirm(full, document))[0] == 200


async def test_a_declared_size_that_was_not_true_counts_for_nothing(service: Service) -> None:
    user = uuid4()
    _, answer = await ask(service, user, file(size_bytes=5))
    assert await put(service, answer["upload_url"], b"x" * 70) == 200
    assert (await service.confirm(user, answer["document_id"]))[1]["size_bytes"] == 70


async def test_a_bound_url_takes_what_was_declared_once(service: Service) -> None:
    user = uuid4()
    status, answer = await ask(service, user, file(size_bytes=5, bound=True))
    url = answer["upload_url"]
    assert (status, answer["headers"]) == (200, ONCE)
    assert await put(service, url, b"123456", answer["headers"]) == 403
    assert await put(service, url, b"12345") == 400  # what was signed is missing
    assert (await service.confirm(user, answer["document_id"]))[0] == 422
    assert await put(service, url, b"12345", answer["headers"]) == 200
    assert await put(service, url, b"other", answer["headers"]) == 412
    assert (await service.confirm(user, answer["document_id"]))[1]["size_bytes"] == 5


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (file(bound=True), "bound"),
        (file(bound=1, size_bytes=1), "bound"),
        (file(size_bytes=-1), "size_bytes"),
        (file(size_bytes="5", bound=True), "size_bytes"),
    ],
)
async def test_a_declaration_that_does_not_fit_is_named_in_a_422(
    service: Service, wrong: dict[str, object], field: str
) -> None:
    user = uuid4()
    status, answer = await ask(service, user, wrong)
    assert (status, [problem["loc"] for problem in answer["detail"]]) == (422, [["body", field]])
    status, answer = await ask(service, user, file(), wrong)
    assert (status, [problem["loc"] for problem in answer["detail"]]) == (422, [["body", "files", 1, field]])
    assert await nothing_was_made(service, user)


async def test_of_a_batch_those_fit_for_which_there_is_room_in_order(service: Service) -> None:
    user = await account(service, used=900, limit=1000)
    files = [file(f"{size}", size_bytes=size) for size in (60, 50, 40, 1, 0)]
    status, answer = await ask(service, user, *files, file("unknown"))
    assert (status, [each["index"] for each in answer["uploads"]]) == (200, [0, 2, 4, 5])
    full = {"used_bytes": 1000, "limit_bytes": 1000, "rejected_bytes": 1, "over_by_bytes": 1}
    over = {"used_bytes": 960, "limit_bytes": 1000, "rejected_bytes": 50, "over_by_bytes": 10}
    assert answer["refused"] == [
        {"index": 1, "reason": "over_quota", "detail": over},
        {"index": 3, "reason": "over_quota", "detail": full},
    ]
    assert set(await listed(service, user)) == {each["document_id"] for each in answer["uploads"]}
    assert await service.replica.outbox_types() == ["upload.requested"] * 4


async def test_every_url_of_a_batch_works_and_leads_to_its_own_document(service: Service) -> None:
    user = uuid4()
    _, answer = await ask(service, user, file("a", size_bytes=3, bound=True), file("b"), file("c", size_bytes=2))
    for each, data in zip(answer["uploads"], (b"123", b"1234", b"12"), strict=True):
        assert await put(service, each["upload_url"], data, each["headers"]) == 200
        assert (await service.confirm(user, each["document_id"]))[1]["size_bytes"] == len(data)
    names = {item["filename"] for item in (await service.call("GET", "/api/documents", user))[1]["items"]}
    assert names == {"a", "b", "c"}


async def test_a_batch_of_a_hundred_is_one_statement(service: Service) -> None:
    user = await account(service, used=0, limit=10**6)
    files = [file(f"{number}", size_bytes=1) for number in range(100)]
    said = await statements(service.replica)
    await ask(service, user, *files[:2])  # a new connection asks for the types that it meets
    said.clear()
    status, answer = await ask(service, user, *files)
    assert (status, len(answer["uploads"]), len(said)) == (200, 100, 2)  # the account, and all rows and events
    assert len(await listed(service, user)) == 100
    assert (await ask(service, user, *files, file()))[0] == 422


async def statements(replica: Replica) -> list[str]:
    """What will be said to the database from now on, by its first line, on each of the pool's connections."""
    said: list[str] = []

    def note(record: Any) -> None:
        said.append(record.query.split("\n")[0])

    connections = [await replica.pool.acquire() for _ in range(5)]
    for each in connections:
        each.add_query_logger(note)
    for each in connections:
        await replica.pool.release(each)
    return said


async def test_a_plain_upload_url_asks_the_database_for_one_thing_only(service: Service) -> None:
    user = await account(service, used=0, limit=10)
    said = await statements(service.replica)
    await ask(service, user, file())  # as above
    said.clear()
    assert (await ask(service, user, file()))[0] == 200
    assert len(said) == 1
    assert said[0].startswith("-- Pending documents and their events")


async def test_the_same_request_under_a_key_makes_its_document_once(service: Service) -> None:
    user = uuid4()
    wanted = file(size_bytes=3, bound=True)
    first, again = [(await ask(service, user, wanted, key="k"))[1] for _ in range(2)]
    assert (first["document_id"], first["expires_at"]) == (again["document_id"], again["expires_at"])
    assert await listed(service, user) == [first["document_id"]]
    assert await service.replica.outbox_types() == ["upload.requested"]
    assert await put(service, again["upload_url"], b"123", again["headers"]) == 200
    assert await put(service, first["upload_url"], b"123", first["headers"]) == 412


async def test_many_with_the_same_key_at_once_get_one_answer(service: Service) -> None:
    for files in ([file()], [file("a", size_bytes=1), file("b")]):
        user = uuid4()
        answers = await asyncio.gather(*(ask(service, user, *files, key="k") for _ in range(16)))
        assert {status for status, _ in answers} == {200}
        ids = {tuple(each["document_id"] for each in body.get("uploads", [body])) for _, body in answers}
        assert [set(one) for one in ids] == [set(await listed(service, user))]
        assert len(await listed(service, user)) == len(files)


async def test_batches_that_race_under_one_key_with_other_bodies_make_one_of_them(service: Service) -> None:
    user = uuid4()
    rivals = [[file(f"{number}"), file(f"{number}b")] for number in range(8)]
    answers = await asyncio.gather(*(ask(service, user, *files, key="k") for files in rivals))
    won = [body for status, body in answers if status == 200]
    lost = [body["detail"][0] for status, body in answers if status == 422]
    assert (len(won), len(lost)) == (1, 7)
    assert {(tuple(each["loc"]), each["type"]) for each in lost} == {
        (("header", "Idempotency-Key"), "idempotency_key_reused")
    }
    assert set(await listed(service, user)) == {each["document_id"] for each in won[0]["uploads"]}


async def test_a_key_is_its_users_own_and_of_one_route(service: Service) -> None:
    user, other = uuid4(), uuid4()
    mine, theirs = [(await ask(service, each, file(), key="k"))[1]["document_id"] for each in (user, other)]
    assert mine != theirs
    assert (await service.call("POST", MANY, user, {"files": [file()]}, **{"Idempotency-Key": "k"}))[0] == 422


async def test_a_refusal_is_not_kept_under_its_key(service: Service) -> None:
    user = await account(service, used=1000, limit=1000)
    assert (await ask(service, user, file(size_bytes=5), key="k"))[0] == 413
    now = datetime.now(UTC)
    await service.replica.hear(LimitChanged(user_id=user, limit_bytes=2000, used_bytes=1000, changed_at=now))
    assert (await ask(service, user, file(size_bytes=5), key="k"))[0] == 200


async def test_what_was_refused_of_a_batch_stays_refused_under_its_key(service: Service) -> None:
    user = await account(service, used=0, limit=10)
    files = (file("a", size_bytes=8), file("b", size_bytes=8))
    first = (await ask(service, user, *files, key="k"))[1]
    now = datetime.now(UTC)
    await service.replica.hear(LimitChanged(user_id=user, limit_bytes=2000, used_bytes=0, changed_at=now))
    again = (await ask(service, user, *files, key="k"))[1]
    assert again["refused"] == first["refused"] != []
    assert [each["document_id"] for each in again["uploads"]] == [each["document_id"] for each in first["uploads"]]


async def test_a_key_whose_url_has_expired_is_told_so_and_makes_nothing(service: Service) -> None:
    user = uuid4()
    document = (await ask(service, user, file(), key="k"))[1]["document_id"]
    past = datetime.now(UTC) - timedelta(hours=1)
    await service.replica.pool.execute(
        "UPDATE documents SET created_at = $1, expires_at = $1::timestamptz + interval '15 min'", past
    )
    status, answer = await ask(service, user, file(), key="k")
    assert (status, answer["detail"][0]["type"]) == (422, "idempotency_key_expired")
    assert await listed(service, user) == [document]


@pytest.mark.parametrize("key", ["", "a" * 256, "ä", "a\tb"])
async def test_what_is_no_key_is_named_in_a_422(service: Service, key: str) -> None:
    user = uuid4()
    for files in ([file()], [file(), file()]):
        status, answer = await ask(service, user, *files, key=key)
        assert (status, answer["detail"][0]["loc"]) == (422, ["header", "Idempotency-Key"])
    assert await nothing_was_made(service, user)


@pytest.mark.parametrize("key", ["a", "a" * 255, "'; DROP TABLE documents; --", "{}", "%00"])
async def test_any_printable_text_is_a_key(service: Service, key: str) -> None:
    user = uuid4()
    assert [(await ask(service, user, file(), key=key))[0] for _ in range(2)] == [200, 200]
    assert len(await listed(service, user)) == 1


async def test_no_log_line_holds_a_url_or_a_key(service: Service) -> None:
    user, key = uuid4(), "a-key-of-the-clients-own"
    with capture_logs() as logs:
        for _ in range(2):
            await ask(service, user, file(size_bytes=1, bound=True), file(), key=key)
        await ask(service, user, file(), key=key)
    assert {line["documents"] for line in logs if "documents" in line} == {2}
    for secret in ("X-Amz", "http://", key):
        assert secret not in repr(logs)
