"""A process whose stop was announced: nobody who could hand over a request is left without an answer."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiohttp import web

from services.chassis import web_leaving
from services.chassis.auth import TokenVerifier
from services.chassis.health import LEAVING
from services.chassis.settings import HttpSettings, TokenSettings
from services.chassis.web import listening, make_app

HTTP = HttpSettings(http_port=0, shutdown_grace_seconds=10, ready_timeout_seconds=20)
VERIFIER = TokenVerifier(TokenSettings(jwt_secret="a secret of the tests, long enough"))
GET = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HAMMERS = 6
IP_MINTTL = 21
LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(uvloop.new_event_loop, id="uvloop")]
"""Services run in uvloop's, whose sockets are not those of the standard library."""


InLoop = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs what a test is."""


@pytest.fixture(params=LOOPS)
def in_loop(request: pytest.FixtureRequest) -> Iterator[InLoop]:
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner.run


def made() -> web.Application:
    return make_app(HTTP, VERIFIER, ready={}, setup=lambda _: None)


def ask(client: socket.socket) -> None:
    client.settimeout(5)
    client.sendall(GET)


def answer(client: socket.socket) -> bytes:
    """All of an answer that ends, or keeps, its connection."""
    found = b""
    while b"\r\n\r\n" not in found or not found.endswith(b"}"):
        if not (more := client.recv(65536)):
            break
        found += more
    return found


def assert_served_for_the_last_time(said: bytes) -> None:
    assert said.startswith(b"HTTP/1.1 200 "), said
    assert re.search(rb"\r\nConnection: close\r\n", said), said


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_who_was_in_the_queue_when_the_door_closed_is_served(in_loop: InLoop, host: str) -> None:
    """The kernel has let them in, the process has not looked: a listener that is just closed resets them."""

    async def test() -> None:
        own = HTTP.model_copy(update={"http_host": host})
        async with listening(app := made(), own) as port:
            app[LEAVING].set()
            clients = [socket.create_connection((host, port), 5) for _ in range(3)]
            for client in clients:
                ask(client)
        for client in clients:
            with client:
                assert_served_for_the_last_time(answer(client))

    in_loop(test())


def knock(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port), 0.3).close()
    except OSError as error:
        return type(error).__name__
    return "came in"


def test_who_knocks_while_others_come_in_is_not_let_in_to_be_reset(
    in_loop: InLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        take_last, told = web_leaving._last, []  # noqa: SLF001 - the moment before the door closes

        def knock_first(door: socket.socket) -> list[socket.socket]:
            told.append(knock(door.getsockname()[1]))
            return take_last(door)

        monkeypatch.setattr(web_leaving, "_last", knock_first)
        async with listening(app := made(), HTTP) as port:
            app[LEAVING].set()
        assert [*told, knock(port)] == ["TimeoutError", "ConnectionRefusedError"]

    in_loop(test())


def test_who_comes_in_behind_a_closing_door_is_heard(in_loop: InLoop) -> None:
    """A connection has from its door what that takes of packets: nothing any more, by then."""

    async def test() -> None:
        runner = web.AppRunner(made())
        await runner.setup()
        try:
            with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as client:
                connection, _ = door.accept()
                connection.setsockopt(socket.IPPROTO_IP, IP_MINTTL, 255)
                server = runner.server
                assert server is not None
                await web_leaving.let_in(server, [connection])
                ask(client)
                assert b" 200 " in (await asyncio.to_thread(answer, client))[:20]
        finally:
            await runner.cleanup()

    in_loop(test())


def test_who_has_gone_again_is_no_trouble_for_the_others(in_loop: InLoop) -> None:
    async def test() -> None:
        async with listening(app := made(), HTTP) as port:
            app[LEAVING].set()
            gone, stays = (socket.create_connection(("127.0.0.1", port), 5) for _ in range(2))
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            gone.close()
            ask(stays)
        with stays:
            assert_served_for_the_last_time(answer(stays))

    in_loop(test())


def test_a_process_without_files_closes_its_door_all_the_same(in_loop: InLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: socket.socket) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async def test() -> None:
        async with listening(app := made(), HTTP) as port:
            app[LEAVING].set()
            monkeypatch.setattr(socket.socket, "accept", none_left)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)

    in_loop(test())


def test_on_a_socket_too(in_loop: InLoop, tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "service.sock"
        own = HTTP.model_copy(update={"http_socket": path})
        async with listening(app := made(), own):
            app[LEAVING].set()
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(path))
            ask(client)
        with client:
            assert_served_for_the_last_time(answer(client))

    in_loop(test())


def test_a_connection_that_was_silent_may_be_used_once_more(in_loop: InLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        linger = web_leaving._linger  # noqa: SLF001 - the moment after the door was closed

        async def ask_and_linger(server: web.Server) -> None:
            ask(client)
            await linger(server)

        monkeypatch.setattr(web_leaving, "_linger", ask_and_linger)
        async with listening(app := made(), HTTP) as port:
            client = socket.create_connection(("127.0.0.1", port), 5)
            ask(client)
            assert b"Connection: close" not in await asyncio.to_thread(answer, client)
            app[LEAVING].set()
        with client:
            assert_served_for_the_last_time(answer(client))

    in_loop(test())


def test_a_request_that_takes_longer_than_silence_is_borne_is_finished(
    in_loop: InLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        begun.set()
        await asyncio.sleep(0.5)

    async def test() -> None:
        monkeypatch.setattr(web_leaving, "LINGER_SECONDS", 0.05)
        app = make_app(HTTP, VERIFIER, ready={"slow": slow}, setup=lambda _: None)
        async with listening(app, HTTP) as port:
            client = socket.create_connection(("127.0.0.1", port), 5)
            ask(client)
            await begun.wait()
            app[LEAVING].set()
        with client:
            assert_served_for_the_last_time(answer(client))

    in_loop(test())


def test_one_that_stays_silent_does_not_hold_up_the_stop(in_loop: InLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        monkeypatch.setattr(web_leaving, "LINGER_SECONDS", 0.2)
        async with asyncio.timeout(HTTP.shutdown_grace_seconds - 1):
            async with listening(app := made(), HTTP) as port:
                app[LEAVING].set()
                client = socket.create_connection(("127.0.0.1", port), 5)
            with client:
                assert await asyncio.to_thread(client.recv, 1) == b""

    in_loop(test())


@contextmanager
def hammered(port: int, seen: Counter[str]) -> Iterator[None]:
    """Meanwhile clients come one after the other, each with one request, as through a gateway that keeps none open."""
    enough = threading.Event()

    def hammer() -> None:
        while not enough.is_set():
            try:
                client = socket.create_connection(("127.0.0.1", port), 1)
            except OSError:
                seen["tried elsewhere"] += 1
                enough.wait(0.01)
                continue
            with client:
                try:
                    ask(client)
                    seen["answered" if b" 200 " in answer(client)[:20] else "lost"] += 1
                except OSError:
                    seen["lost"] += 1

    threads = [threading.Thread(target=hammer) for _ in range(HAMMERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()


async def answered(seen: Counter[str], more: int) -> None:
    """Returns when so many more were."""
    before = seen["answered"]
    while seen["answered"] < before + more:  # noqa: ASYNC110 - they count in threads of their own
        await asyncio.sleep(0.01)


def test_whoever_comes_while_it_leaves_is_answered_or_refused_before_it_has_handed_anything_over(
    in_loop: InLoop,
) -> None:
    async def test() -> None:
        seen: Counter[str] = Counter()
        for _ in range(3):
            async with AsyncExitStack() as exits:
                port = await exits.enter_async_context(listening(app := made(), HTTP))
                stop = exits.pop_all()  # the clients go on while the server stops
                with hammered(port, seen):
                    await answered(seen, 20)
                    app[LEAVING].set()
                    await answered(seen, 10)
                    await stop.aclose()
        assert seen["lost"] == 0, seen
        assert seen["answered"] > 30, seen
        assert seen["tried elsewhere"] > 0, seen

    in_loop(test())
