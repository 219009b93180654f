"""How requests pass the gateway: streams at once, compression, what is tried again and what never is."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientError, web

from deploy.local import server_gateway
from tests.stack.gateway_page import SCRIPT, small_page
from tests.stack.gateway_place import Place, gateway_place, hang_up

pytestmark = pytest.mark.embedded("the gateway's process alone, with a configuration of its own; no stack")

SOON = 1.0


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """Two replicas of each service, and no more than two seconds of silence in a body."""
    monkeypatch.setattr(server_gateway, "SILENCE_SECONDS", 2)
    async with gateway_place(tmp_path, page=small_page(tmp_path), replicas=2, store_host="store.localhost") as found:
        yield found


class Events:
    """A stream that says what a test lets it say, and notes when its reader has gone."""

    def __init__(self) -> None:
        self.said = asyncio.Queue[bytes]()
        self.gone = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            while True:
                await response.write(await self.said.get())
        finally:
            self.gone.set()


def all_answer(place: Place, answer: object) -> None:
    for upstream in place.upstreams.values():
        upstream.answer = answer  # type: ignore[assignment]


async def test_a_stream_arrives_as_it_is_said_uncompressed(place: Place) -> None:
    events = Events()
    all_answer(place, events)
    headers = {"Accept-Encoding": "zstd, gzip", "Accept": "text/event-stream"}
    async with asyncio.timeout(SOON), place.session.get(place.url + "/api/events", headers=headers) as response:
        assert "Content-Encoding" not in response.headers  # the headers came before a word was said
        for number in range(3):
            said = b"data: %d\n\n" % number
            events.said.put_nowait(said)
            assert await response.content.readexactly(len(said)) == said


async def test_a_stream_may_be_silent_for_longer_than_a_body_may(place: Place) -> None:
    events = Events()
    all_answer(place, events)
    async with place.session.get(place.url + "/api/events") as response:
        for _ in range(2):
            await asyncio.sleep(3)  # the time itself is what is tested
            events.said.put_nowait(b": x\n\n")
            assert await response.content.readexactly(5) == b": x\n\n"
        assert not events.gone.is_set()


async def test_a_service_learns_at_once_that_the_reader_of_its_stream_is_gone(place: Place) -> None:
    events = Events()
    all_answer(place, events)
    async with place.session.get(place.url + "/api/events") as response:
        assert response.status == 200
        response.close()
    async with asyncio.timeout(SOON):
        await events.gone.wait()


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("path", ["/assets/app.0a1b2c.js", "/api/documents"])
async def test_text_is_compressed_for_who_reads_it_so(place: Place, path: str, coding: str) -> None:
    async def large(_: web.Request) -> web.Response:
        return web.Response(text=SCRIPT, content_type="application/json")

    all_answer(place, large)
    async with place.session.get(place.url + path, headers={"Accept-Encoding": coding}) as response:
        body = await response.read()
        assert response.headers["Content-Encoding"] == coding
        assert "Accept-Encoding" in response.headers["Vary"]
    assert len(body) < len(SCRIPT) / 10
    if coding == "gzip":
        assert gzip.decompress(body).decode() == SCRIPT


async def test_what_is_short_or_not_asked_for_is_not_compressed(place: Place) -> None:
    for path, headers in (
        ("/favicon.svg", {"Accept-Encoding": "gzip"}),
        ("/assets/app.0a1b2c.js", {"Accept-Encoding": ""}),
    ):
        async with place.session.get(place.url + path, headers=headers) as response:
            assert "Content-Encoding" not in response.headers


async def break_off(request: web.Request) -> web.Response:
    """Hears the request and dies of it, without a word."""
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def heard(place: Place) -> list[str]:
    return [line for upstream in place.upstreams.values() for line in upstream.heard]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_what_was_handed_over_and_may_have_changed_something_is_never_tried_again(
    place: Place, method: str
) -> None:
    all_answer(place, break_off)
    async with place.session.request(method, place.url + "/api/documents/1", data=b"{}") as response:
        assert response.status == 503
    assert heard(place) == [f"{method} /api/documents/1"]


async def test_a_get_that_was_lost_is_tried_on_another_replica(place: Place) -> None:
    for first, other in (("upload-1", "upload-2"), ("upload-2", "upload-1")):
        place.upstreams[first].answer = break_off
        for _ in range(2):  # whichever of the two is asked first
            async with place.session.get(place.url + "/api/documents/1") as response:
                assert response.status == 200
        place.upstreams[first].answer = place.upstreams[other].answer


async def test_a_post_that_could_not_be_handed_over_goes_to_another_replica(tmp_path: Path) -> None:
    async with gateway_place(tmp_path) as place:  # beside upload-1 it knows a socket on which nobody listens
        for _ in range(8):
            async with place.session.post(place.url + "/api/documents/upload-url", data=b"{}") as response:
                assert response.status == 200
        assert len(heard(place)) == 8


async def test_a_replica_that_is_about_to_stop_is_sent_nothing_more(place: Place) -> None:
    place.upload.healthy = False
    async with asyncio.timeout(10):
        while True:
            before = len(place.upload.heard)
            for _ in range(6):
                async with place.session.get(place.url + "/api/documents") as response:
                    assert response.status == 200
            if len(place.upload.heard) == before:
                break
    assert place.upstreams["upload-2"].heard


async def test_a_body_that_never_ends_is_given_up(place: Place) -> None:
    started = asyncio.get_running_loop().time()
    head = b"POST /api/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", place.settings.gateway_port)
    writer.write(head + b"x")
    async with asyncio.timeout(20):
        while await reader.read(65536):
            pass
    await hang_up(writer)
    assert asyncio.get_running_loop().time() - started < 10


async def test_a_document_may_take_longer_to_arrive_and_be_larger_than_any_request(place: Place) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 1_000_000
            await asyncio.sleep(1)  # the time itself is what is tested

    host = {"Host": f"store.localhost:{place.settings.gateway_port}"}
    async with place.session.put(
        place.url + "/documents/key?X-Amz-Expires=900", data=slowly(), headers=host
    ) as response:
        answer = await response.json()
    assert response.status == 200, answer
    assert (answer["body"], answer["headers"]["Host"]) == (4_000_000, host["Host"])
    assert place.upstreams["store"].heard == ["PUT /documents/key"]


async def test_bodies_and_headers_have_limits_of_their_own(place: Place) -> None:
    sizes = {
        "/api/documents/upload-url": 64 * 1024,
        "/api/documents/upload-urls": 256 * 1024,
        "/api/documents/multipart/1/complete": 4 * 1024 * 1024,
        "/api/topics": 64 * 1024,
    }
    for path, size in sizes.items():
        async with place.session.post(place.url + path, data=BytesIO(b"x" * size)) as response:
            assert (response.status, (await response.json())["body"]) == (200, size), path
        try:
            async with place.session.post(place.url + path, data=BytesIO(b"x" * (size + 1))) as response:
                assert (response.status, "detail" in await response.json()) == (413, True), path
        except ClientError:  # it hangs up on who goes on sending
            pass
    assert b" 431 " in await place.raw(b"GET /api/documents HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60_000 + b"\r\n\r\n")
    async with place.session.get(place.url + "/api/documents") as response:
        assert response.status == 200
