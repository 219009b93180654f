"""The stream of one replica, on a real database and real sockets; of its topic the test says what comes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from yarl import URL

from tests.stack.support.sse import Listener, listening
from tests.stack.upload_replicas import rejected, reserved
from tests.stack.upload_service import Service, eventually, open_service
from tests.unit.live_facts import hear


@pytest.fixture
async def service(stack: Any, database: str) -> AsyncIterator[Service]:
    async with open_service(stack.info, database, live_write_seconds=1, live_queue=1000) as opened:
        yield opened


def listen(service: Service, user: UUID, resume: str | None = None, **claims: Any) -> Any:
    return listening(service.session, "", service.headers(user, **claims), resume)


async def test_a_document_is_told_as_its_own_request_answers(service: Service) -> None:
    user = uuid4()
    document = await service.replica.make(user)
    async with listen(service, user) as client:
        await service.replica.hear(reserved(document))
        hear(service.hub, user, document.id)
        await client.until(lambda each: "document" in each.events)
        assert client.last("document") == (await service.call("GET", f"/api/documents/{document.id}", user))[1]


async def test_a_refused_document_is_told_with_the_numbers_and_its_name(service: Service) -> None:
    user = uuid4()
    document = await service.replica.make(user)
    async with listen(service, user) as client:
        await service.replica.hear(rejected(document))
        hear(service.hub, user, document.id)
        await client.until(lambda each: "removed" in each.events)
    said = client.last("removed")
    assert (said["id"], said["reason"], said["filename"]) == (str(document.id), "rejected", "a.txt")
    assert said["detail"]["over_by_bytes"] == 1000


async def test_another_users_change_is_never_seen_whatever_a_hint_says(service: Service) -> None:
    """A hint that names a document of somebody else leads nowhere: its row is read as the user's own, or not at all."""
    user, other = uuid4(), uuid4()
    theirs, own = await service.replica.make(other), await service.replica.make(user)
    async with listen(service, user) as client:
        hear(service.hub, other, theirs.id)
        hear(service.hub, user, theirs.id)
        hear(service.hub, user, own.id)
        await client.until(lambda each: "document" in each.events)
    assert set(client.documents) == {str(own.id)}
    assert str(theirs.id) not in str(client.said)


async def test_the_quota_is_told_with_what_is_on_its_way(service: Service) -> None:
    user = uuid4()
    stored = await service.replica.make(user)
    await service.replica.make(user, declared_bytes=30)
    await service.replica.make(user, declared_bytes=2**63 - 1)
    await service.replica.make(user)
    await service.replica.hear(reserved(stored, size=10))
    async with listen(service, user) as client:
        await client.until(lambda each: "quota" in each.events)
        assert client.last("quota") == {"used_bytes": 10, "limit_bytes": 1000, "in_flight_bytes": 2**63 - 1}


async def test_a_url_that_is_dead_is_on_its_way_no_more(service: Service) -> None:
    user = uuid4()
    stored = await service.replica.make(user, declared_bytes=30)
    await service.replica.hear(reserved(stored, size=10))
    late = await service.replica.make(user, declared_bytes=7)
    await service.replica.pool.execute(
        "UPDATE documents SET created_at = now() - interval '1 h', expires_at = now() - interval '1 s' WHERE id = $1",
        late.id,
    )
    async with listen(service, user) as client:
        await client.until(lambda each: "quota" in each.events)
        assert client.last("quota")["in_flight_bytes"] == 0


async def test_who_comes_again_by_the_newest_id_misses_nothing(service: Service) -> None:
    user = uuid4()
    first, second = await service.replica.make(user), await service.replica.make(user)
    async with listen(service, user) as client:
        hear(service.hub, user, first.id)
        await client.until(lambda each: "document" in each.events)
    hear(service.hub, user, second.id)
    async with listen(service, user, client.newest_id) as again:
        await again.until(lambda each: "document" in each.events)
    assert set(again.documents) == {str(second.id)}


@pytest.mark.parametrize("resume", ["nonsense", "6.0", "\N{SNOWMAN}".encode().decode("latin-1"), "1" * 5000])
async def test_an_id_that_is_none_is_a_reset_and_no_error(service: Service, resume: str) -> None:
    async with listen(service, uuid4(), resume) as client:
        await client.until(lambda each: "reset" in each.events)


async def test_when_the_token_expires_the_stream_says_so_and_ends(service: Service) -> None:
    async with listen(service, uuid4(), expires_in=timedelta(seconds=2)) as client:
        await asyncio.wait_for(client.ended.wait(), 10)
    assert client.events[-1] == "expired"


async def test_without_a_good_token_there_is_no_stream(service: Service) -> None:
    async with service.session.get("/api/events") as response:
        assert response.status == 401
    user = uuid4()
    token = service.headers(user)["Authorization"].removeprefix("Bearer ")
    async with service.session.get(URL(f"/api/events?access_token={token}")) as response:
        assert response.status == 401, "a token in a URL would be in every log"


async def test_head_and_post_are_not_allowed(service: Service) -> None:
    for method in ("HEAD", "POST"):
        async with service.raw(method, "/api/events", uuid4()) as response:
            assert response.status == 405


async def test_a_user_has_only_so_many_streams_and_one_that_left_makes_room_at_once(service: Service) -> None:
    user = uuid4()
    async with AsyncExitStack() as exits:
        for _ in range(20):
            await exits.enter_async_context(listen(service, user))
        async with service.raw("GET", "/api/events", user) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "5")
            assert (await response.json())["detail"]
        async with listen(service, uuid4()):
            assert len(service.hub) == 21
    await eventually(lambda: len(service.hub) == 0)


async def test_a_client_that_does_not_read_is_cut_and_harms_nobody(service: Service) -> None:
    """Its socket takes little, and its documents are large: what it does not read it must not have held for it."""
    user = uuid4()
    documents = [await service.replica.make(user, filename="x" * 1000) for _ in range(900)]
    reader, writer = await _deaf(service, user)
    async with listen(service, user) as other:
        hear(service.hub, user, *(each.id for each in documents))
        await other.until(lambda each: len(each.documents) == 900, 30)
        await eventually(lambda: len(service.hub) == 1, within=30)
        hear(service.hub, user, documents[0].id)
        count = len(other.events)
        await other.until(lambda each: len(each.events) > count)
    writer.close()
    del reader


async def _deaf(service: Service, user: UUID) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that sends its request and then reads nothing."""
    base = service.session._base_url  # noqa: SLF001 - the session's own address
    assert base is not None
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (base.host, base.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    head = "".join(f"{name}: {value}\r\n" for name, value in service.headers(user).items())
    writer.write(f"GET /api/events HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
    await writer.drain()
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return reader, writer


async def test_a_stop_ends_the_streams_at_once(stack: Any, database: str) -> None:
    async with AsyncExitStack() as exits:
        async with open_service(stack.info, database) as service:
            clients: list[Listener] = [await exits.enter_async_context(listen(service, uuid4())) for _ in range(5)]
            service.hub.stop()
            for client in clients:
                await asyncio.wait_for(client.ended.wait(), 60)  # of itself it would never end
        assert {client.events[-1] for client in clients} <= {"hello", "quota"}
