"""Firefox behind a relay, for Playwright, which asks of it to pretend what only newer ones can.

Run as Firefox is, by the script that `browsers.py` writes: with its own path first, then its options. What Firefox says
to its standard error is passed on, but for the address where it listens, which is the relay's.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

PRETENDED: Final = "emulation."
"""Commands like this change nothing where the browser does not know them: whatever is shown is shown as it is."""
ADDRESS: Final = b"WebDriver BiDi listening on ws://127.0.0.1"
LISTENING: Final = re.compile(re.escape(ADDRESS) + rb":(\d+)")
UNLIMITED: Final = 0
"""Screenshots are large."""


class Relay:
    """One connection of Playwright's to one of Firefox's."""

    def __init__(self, port: int) -> None:
        self._firefox = f"ws://127.0.0.1:{port}"
        self._pretended: set[int] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Passes messages both ways until either side is done."""
        near = web.WebSocketResponse(max_msg_size=UNLIMITED)
        await near.prepare(request)
        async with (
            ClientSession() as http,
            http.ws_connect(f"{self._firefox}{request.path}", max_msg_size=UNLIMITED) as far,
        ):
            both = {asyncio.create_task(self._up(near, far)), asyncio.create_task(self._down(far, near))}
            _, pending = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for one in pending:
                one.cancel()
        await near.close()
        return near

    async def _up(self, near: web.WebSocketResponse, far: ClientWebSocketResponse) -> None:
        async for said in near:
            if said.type is WSMsgType.TEXT:
                self._note(json.loads(said.data))
                await far.send_str(said.data)

    async def _down(self, far: ClientWebSocketResponse, near: web.WebSocketResponse) -> None:
        async for said in far:
            if said.type is WSMsgType.TEXT:
                await near.send_str(self._answer(said.data))

    def _note(self, command: dict[str, Any]) -> None:
        if command["method"].startswith(PRETENDED):
            self._pretended.add(command["id"])

    def _answer(self, text: str) -> str:
        if not self._pretended:
            return text
        said = json.loads(text)
        if said.get("id") not in self._pretended:
            return text
        self._pretended.remove(said["id"])
        if said.get("error") != "unknown command":
            return text
        return json.dumps({"type": "success", "id": said["id"], "result": {}})


async def main(program: str, *arguments: str) -> int:
    """Firefox's exit code."""
    firefox = await asyncio.create_subprocess_exec(program, *arguments, stderr=asyncio.subprocess.PIPE)
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        found = LISTENING.search(line)
        told = line if found is None else b"%s:%d\n" % (ADDRESS, await _listen(int(found[1])))
        sys.stderr.buffer.write(told)
        sys.stderr.buffer.flush()
    return await firefox.wait()


async def _listen(firefox: int) -> int:
    """The port at which Firefox's is relayed."""
    app = web.Application()
    app.router.add_get("/{path:.*}", Relay(firefox).serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1])


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
