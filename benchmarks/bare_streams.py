"""A floor: a bare aiohttp handler that holds a stream open and says a word now and then.

`python -m benchmarks.bare_streams`: no tokens, no users, nothing to hear of.
"""

from __future__ import annotations

import asyncio

import uvloop
from aiohttp import web

from services.chassis.settings import HttpSettings

HEARTBEAT_SECONDS = 2.0


async def events(request: web.Request) -> web.StreamResponse:
    """Lasts as long as its client."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"event: hello\ndata: {}\n\n")
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        await response.write(b": still here\n\n")


async def main() -> None:
    """Serves until it is ended."""
    settings = HttpSettings()
    app = web.Application()
    app.router.add_get("/api/events", events)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, settings.http_host, settings.http_port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
