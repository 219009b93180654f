"""The real gateway in front of services that a test scripts: what it hands over, to whom, and how often."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

from deploy.local.layout import Layout
from deploy.local.ports import reserve_block
from deploy.local.server_gateway import Served, gateway, write_gateway
from deploy.local.server_services import HAVE_CLIENTS, service_port
from deploy.local.settings import StackSettings

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
START_SECONDS = 20.0


async def ok(request: web.Request) -> web.Response:
    """What an upstream answers unless a test says otherwise: what it was sent."""
    body = await request.read()
    headers = {name.title(): value for name, value in request.headers.items()}
    return web.json_response({"path": request.path, "body": len(body), "headers": headers})


@dataclass(slots=True)
class Upstream:
    """A replica: what it was handed, and what it answers."""

    name: str
    answer: Answer = ok
    healthy: bool = True
    heard: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Everything but the probe is noted."""
        if request.path == "/healthz":
            return web.json_response({}, status=200 if self.healthy else 503)
        self.heard.append(f"{request.method} {request.path}")
        return await self.answer(request)


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway that runs, its upstreams by name (upload-1, …, store), and a client that trusts it."""

    settings: StackSettings
    layout: Layout
    upstreams: dict[str, Upstream]
    session: ClientSession
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"{'https' if self.settings.tls else 'http'}://127.0.0.1:{self.settings.gateway_port}"

    @property
    def upload(self) -> Upstream:
        """The first replica of upload."""
        return self.upstreams["upload-1"]

    async def logged(self, request_id: str) -> dict[str, Any]:
        """The line of the access log about a request."""
        async with asyncio.timeout(10):
            while True:
                for line in (await self.log()).splitlines():
                    if request_id in line and '"handled request"' in line:
                        found: dict[str, Any] = json.loads(line)
                        return found
                await asyncio.sleep(0.02)

    async def log(self) -> str:
        """All that it has said."""
        return await asyncio.to_thread(self.layout.log("gateway").read_text)

    async def raw(self, data: bytes) -> bytes:
        """What it answers to these very bytes, without TLS; it closes the connection, or is silent for a second."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.settings.gateway_port)
        got = b""
        try:
            writer.write(data)
            async with asyncio.timeout(2):
                while part := await reader.read(65536):
                    got += part
        except (TimeoutError, ConnectionError):
            pass
        finally:
            await hang_up(writer)
        return got


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Closes a connection, whether or not the other side still has it."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def gateway_place(folder: Path, *, page: Path | None = None, **settings: Any) -> AsyncIterator[Place]:
    """A gateway on free ports; `settings` are more fields of StackSettings."""
    first, block = reserve_block()
    chosen = StackSettings(
        state_dir=folder / "state",
        **{"gateway_port": first, "minio_port": first + 1, "service_port_base": first + 4, **settings},
    )
    layout = Layout(chosen.state_dir)
    await asyncio.to_thread(layout.prepare)
    docs = folder / "docs"
    docs.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        stack.callback(block.release)
        upstreams = {}
        for service in HAVE_CLIENTS:
            for number in range(1, chosen.replicas + 1):
                one = Upstream(f"{service}-{number}")
                await stack.enter_async_context(_listening(one, service_port(chosen, service, number)))
                upstreams[one.name] = one
        upstreams["store"] = store = Upstream("store")
        await stack.enter_async_context(_listening(store, chosen.minio_port))
        write_gateway(layout, chosen, Served(docs, page))
        process = await stack.enter_async_context(_running(layout, chosen))
        session = await stack.enter_async_context(
            ClientSession(
                timeout=ClientTimeout(total=30),
                connector=TCPConnector(ssl=False),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity"},
            )
        )
        yield Place(chosen, layout, upstreams, session, process)


@asynccontextmanager
async def _listening(upstream: Upstream, port: int) -> AsyncIterator[None]:
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_route("*", "/{rest:.*}", upstream.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _running(layout: Layout, settings: StackSettings) -> AsyncIterator[asyncio.subprocess.Process]:
    program = gateway(layout, settings, Path(sys.executable).parent / "caddy")
    with layout.log("gateway").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *program.command, env=program.environment, stdout=log, stderr=log, cwd=layout.state
        )
    try:
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                try:
                    await program.check()
                    break
                except OSError:
                    await asyncio.sleep(0.02)
        assert process.returncode is None, layout.log("gateway").read_text()
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
