"""The server: what is no HTTP, a stop with requests in flight, a port that is taken."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import ClientConnectorError, ClientSession, UnixConnector, web
from structlog.testing import capture_logs

from services.chassis.auth import TokenVerifier, create_access_token
from services.chassis.settings import HttpSettings, TokenSettings
from services.chassis.web import Handler, hang_up, listening, make_app, serve, within

TOKENS = TokenSettings(jwt_secret="a secret of the tests, long enough")
HTTP = HttpSettings(http_port=0, shutdown_grace_seconds=10, ready_timeout_seconds=20)
HASTY = HttpSettings(http_port=0, shutdown_grace_seconds=0.5, ready_timeout_seconds=20)


def made(**seconds: float) -> web.Application:
    """An application whose readiness takes as long as it is told."""
    checks = {name: (lambda wait=wait: asyncio.sleep(wait)) for name, wait in seconds.items()}
    return make_app(HTTP, TokenVerifier(TOKENS), ready=checks, setup=lambda _: None)


async def exchange(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "raw",
    [
        b"private garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: private" + b"x" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nprivate\x00: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: private\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00private\r\n\r\n",
    ],
    ids=["words", "huge header", "NUL in a name", "length", "TLS"],
)
async def test_what_is_no_http_is_answered_in_our_shape_and_quoted_nowhere(raw: bytes) -> None:
    async with listening(made(), HTTP) as port:
        with capture_logs() as lines:
            answer = await exchange(port, raw)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 " in head
    assert json.loads(body) == {"detail": "Bad Request"}
    assert "private" not in str(lines)


async def test_a_stop_lets_requests_in_flight_finish_and_takes_no_more() -> None:
    stop, ports = asyncio.Event(), asyncio.Queue[int]()

    async def run() -> None:
        async with listening(made(slow=1), HTTP) as port:
            ports.put_nowait(port)
            await stop.wait()

    server = asyncio.create_task(run())
    port = await ports.get()
    async with ClientSession() as session:
        in_flight = asyncio.create_task(session.get(f"http://127.0.0.1:{port}/readyz"))
        await asyncio.sleep(0.5)
        stop.set()
        await asyncio.sleep(0.1)
        with pytest.raises(ClientConnectorError):
            await session.get(f"http://127.0.0.1:{port}/healthz")
        assert (await in_flight).status == 200
    await asyncio.wait_for(server, 5)


async def test_a_stop_waits_no_longer_than_its_grace() -> None:
    clock = asyncio.get_running_loop().time
    async with ClientSession() as session:
        async with listening(made(slow=15), HASTY) as port:
            in_flight = asyncio.create_task(session.get(f"http://127.0.0.1:{port}/readyz"))
            await asyncio.sleep(0.5)
            began = clock()
        assert 0.4 < clock() - began < 5
        await asyncio.gather(in_flight, return_exceptions=True)


async def test_idle_connections_do_not_hold_up_a_stop() -> None:
    clock = asyncio.get_running_loop().time
    async with ClientSession() as session:
        async with listening(made(), HTTP) as port:
            await (await session.get(f"http://127.0.0.1:{port}/healthz")).read()
            began = clock()
        assert clock() - began < 5


async def test_serving_ends_with_the_stop_event() -> None:
    stop = asyncio.Event()
    server = asyncio.create_task(serve(made(), HTTP, stop))
    await asyncio.sleep(0.05)
    assert not server.done()
    stop.set()
    await asyncio.wait_for(server, 5)


async def test_a_taken_port_is_an_error_at_once() -> None:
    async with listening(made(), HTTP) as port:
        with pytest.raises(OSError, match="address already in use"):
            await serve(made(), HttpSettings(http_port=port), asyncio.Event())


async def test_a_handler_that_asked_for_it_is_told_at_once_that_its_client_is_gone() -> None:
    entered, gone = asyncio.Event(), asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        with hang_up(request, gone.set):
            entered.set()
            await gone.wait()
        return web.Response()

    app = make_app(HTTP, TokenVerifier(TOKENS), ready={}, setup=lambda app: _add(app, "/wait", within(None, wait)))
    headers = {"Authorization": f"Bearer {create_access_token(uuid4(), 'user', TOKENS)}"}
    async with listening(app, HTTP) as port, ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{port}/wait", headers=headers))
        await asyncio.wait_for(entered.wait(), 5)
        assert not gone.is_set()
        asking.cancel()
        await asyncio.wait_for(gone.wait(), 5)


async def test_a_kept_connection_tells_no_handler_of_before() -> None:
    told: list[str] = []

    async def once(request: web.Request) -> web.Response:
        with hang_up(request, lambda: told.append("gone")):
            return web.Response()

    app = make_app(HTTP, TokenVerifier(TOKENS), ready={}, setup=lambda app: _add(app, "/once", once))
    headers = {"Authorization": f"Bearer {create_access_token(uuid4(), 'user', TOKENS)}"}
    async with listening(app, HTTP) as port, ClientSession() as session:
        assert (await session.get(f"http://127.0.0.1:{port}/once", headers=headers)).status == 200
    assert told == []


def _add(app: web.Application, path: str, handler: Handler) -> None:
    app.router.add_get(path, handler)


async def test_a_process_that_is_about_to_stop_says_so_and_works_on() -> None:
    stop, app = asyncio.Event(), made()
    port = free_port()
    server = asyncio.create_task(serve(app, HTTP.model_copy(update={"http_port": port}), stop))
    async with ClientSession(f"http://127.0.0.1:{port}") as session:
        await answering(session)
        assert "Connection" not in (await session.get("/readyz")).headers
        os.kill(os.getpid(), signal.SIGUSR1)
        async with asyncio.timeout(5):
            while (answer := await session.get("/healthz")).status == 200:
                answer.release()
        assert (answer.status, await answer.json()) == (503, {"detail": "About to stop"})
        ready = await session.get("/readyz")
        assert (ready.status, ready.headers["Connection"]) == (200, "close")
        metrics = await (await session.get("/metrics")).text()
    assert re.search(r'^docuvault_http_probes_total{answer="leaving"} [1-9]', metrics, re.MULTILINE)
    stop.set()
    await asyncio.wait_for(server, 5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answering(session: ClientSession) -> None:
    async with asyncio.timeout(5):
        while True:
            try:
                (await session.get("/healthz")).release()
            except ClientConnectorError:
                await asyncio.sleep(0.01)
            else:
                return


async def test_a_socket_is_served_as_a_port_is_also_where_a_dead_process_left_one(tmp_path: Path) -> None:
    path = tmp_path / "service.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    own = HTTP.model_copy(update={"http_socket": path})
    async with listening(made(), own) as port, ClientSession(connector=UnixConnector(str(path))) as session:
        assert (await session.get("http://localhost/healthz")).status == 200
        assert port == 0
