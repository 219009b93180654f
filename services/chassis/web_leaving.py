"""How a process whose stop was announced parts from its clients: no request is handed to it that it does not answer.

SIGUSR1 announces a stop. From then on every answer ends its connection (web_observe.py). At the stop nobody new is let
in, who had begun to come in is served, and what is open and silent has a moment to be used for the last time. So a
client that tries again what could not be handed over, as gateways do, need not know who leaves.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence

from aiohttp import web

KNOCK_SECONDS = 0.05
"""How long who knocked before the door was closed has to come in."""
LINGER_SECONDS = 2.0
"""How long silent connections are kept; a request that comes in the very moment they end would fail."""
_POLL_SECONDS = 0.02
_LEAST_TTL = ((socket.IPPROTO_IP, 21), (socket.IPPROTO_IPV6, 73))
"""IP_MINTTL and IPV6_MINHOPCOUNT of Linux (RFC 5082), which the module `socket` does not name."""


async def part(runner: web.AppRunner) -> None:
    """Returns when nobody comes in any more, and no connection is open or it was waited long enough."""
    server, doors = runner.server, _doors(runner)
    if server is None:
        return
    for site in runner.sites:
        await site.stop()
    for door in doors:
        _take_from(door, least_ttl=255)
    await asyncio.sleep(KNOCK_SECONDS)
    for door in doors:
        await let_in(server, _last(door))
    await _linger(server)


def _doors(runner: web.AppRunner) -> list[socket.socket]:
    """The sockets that clients come in by, which stay open until these are closed, too."""
    servers = (getattr(site, "_server", None) for site in runner.sites)
    found = [each for server in servers if server is not None for each in server.sockets or ()]
    doors = [socket.socket(fileno=os.dup(each.fileno())) for each in found]
    for door in doors:
        door.setblocking(False)
    return doors


def _take_from(one: socket.socket, *, least_ttl: int) -> None:
    """Has the kernel drop packets of a smaller time to live: with 255, whoever knocks; he knocks again a second later.

    A listener that is closed resets who has come in by the kernel's word and was not looked at: they have handed over a
    request by then, and cannot know that nobody read it.
    """
    levels = {socket.AF_INET: _LEAST_TTL[:1], socket.AF_INET6: _LEAST_TTL}.get(one.family, ())
    for level, name in levels:
        one.setsockopt(level, name, least_ttl)


def _last(door: socket.socket) -> list[socket.socket]:
    """Who is in. Then the door is closed, and whoever knocks is refused."""
    found = []
    while True:
        try:
            found.append(door.accept()[0])
        except OSError:  # nobody is left, or a process that has no file left for one more
            door.close()
            return found


async def let_in(server: web.Server, connections: Sequence[socket.socket]) -> None:
    """Has connections served that came in by a door that took from few."""
    for one in connections:
        _take_from(one, least_ttl=0)  # which it has from the door
        one.setblocking(False)
        await asyncio.get_running_loop().connect_accepted_socket(server, one)


async def _linger(server: web.Server) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + LINGER_SECONDS
    while server.connections and loop.time() < end:  # noqa: ASYNC110 - aiohttp tells nobody
        await asyncio.sleep(_POLL_SECONDS)
