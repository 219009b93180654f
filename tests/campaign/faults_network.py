"""What befalls the ways between services, clients and servers; a store that wants to be asked less often."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from yarl import URL

from tests.campaign.world import World

SHARE_REFUSED = 0.5
SLOW_DOWN = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SlowDown</Code><Message>Please reduce your request rate'
    b"</Message><Resource></Resource><RequestId></RequestId><HostId></HostId></Error>"
)
STORE_SECONDS = ClientTimeout(total=30)
NOT_OURS = frozenset({"content-length", "transfer-encoding", "connection", "date"})
"""Headers that a proxy's own server writes anew."""


def cut(world: World, target: str, _: random.Random) -> AbstractAsyncContextManager[None]:
    """Connections are cut, and new ones refused."""
    return world.way(target).away()


def hung(world: World, target: str, _: random.Random) -> AbstractAsyncContextManager[None]:
    """Connections stay, and what is sent is lost."""
    return world.way(target).hung()


def stalled(world: World, target: str, _: random.Random) -> AbstractAsyncContextManager[None]:
    """Nothing passes, and all of it arrives late."""
    return world.way(target).stalled()


def torn(world: World, target: str, chance: random.Random) -> AbstractAsyncContextManager[None]:
    """Each connection ends in mid-message."""
    return world.way(target).torn(chance.randint(1, 2000))


def reset(world: World, target: str, chance: random.Random) -> AbstractAsyncContextManager[None]:
    """Each connection is reset while something is under way."""
    return world.way(target).reset(chance.randint(0, 200))


def late(world: World, target: str, chance: random.Random) -> AbstractAsyncContextManager[None]:
    """All takes long."""
    return world.way(target).late(chance.randint(100, 800))


def narrow(world: World, target: str, chance: random.Random) -> AbstractAsyncContextManager[None]:
    """Little passes at a time."""
    return world.way(target).narrow(chance.randint(1, 32))


@asynccontextmanager
async def told_to_slow_down(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """The store answers half of what comes by the way with 503 SlowDown."""
    async with _refusing_proxy(world.site.info.minio_url, chance) as port:
        before = await world.way(target).lead_to(port)
        try:
            yield
        finally:
            await world.way(target).lead_to(before)


@asynccontextmanager
async def _refusing_proxy(store: str, chance: random.Random) -> AsyncIterator[int]:
    """A proxy before the store, which refuses some; its port."""
    async with ClientSession(timeout=STORE_SECONDS, auto_decompress=False) as session:

        async def pass_on(request: web.Request) -> web.StreamResponse:
            if chance.random() < SHARE_REFUSED:
                return web.Response(status=503, body=SLOW_DOWN, content_type="application/xml")
            return await _passed_on(session, store, request)

        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1).start()
            yield int(runner.addresses[0][1])
        finally:
            await runner.cleanup()


async def _passed_on(session: ClientSession, store: str, request: web.Request) -> web.StreamResponse:
    """The store's answer to a request, whose signature covers its host, path, query and headers as they are."""
    url = URL(store + request.raw_path, encoded=True)
    try:
        body = await request.read()
        async with session.request(
            request.method,
            url,
            headers=request.headers,
            data=body,
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            allow_redirects=False,
        ) as answer:
            return web.Response(status=answer.status, body=await answer.read(), headers=_kept(answer.headers))
    except (ClientError, TimeoutError, OSError):
        return web.Response(status=503, body=SLOW_DOWN, content_type="application/xml")


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in NOT_OURS}
