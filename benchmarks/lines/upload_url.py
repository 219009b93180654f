"""Upload URLs a second of one process: token, checks, key, signature, row and event, answer."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from docuvault_contracts import topics

from benchmarks import bare_upload
from benchmarks.backlog import skip_to_end
from benchmarks.cpu import Meter, server_pids
from benchmarks.http_load import answers_a_second
from benchmarks.model import BenchError, Line, Pair, Reading, at_least
from benchmarks.site import Child, Site
from deploy.ops.users import access_token
from services.chassis.postgres import load_sql
from services.upload.handler import GROUP

CONNECTIONS = 64
START_SECONDS = 30.0
DRAIN_SECONDS = 60.0
_BODY = json.dumps({"filename": "scan of a letter.pdf", "content_type": "application/pdf"}).encode()
_SQL = load_sql("benchmarks")


def request(token: str) -> bytes:
    """The bytes of one POST /api/documents/upload-url."""
    head = (
        "POST /api/documents/upload-url HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(_BODY)}",
    )
    return "\r\n".join((*head, "", "")).encode() + _BODY


@asynccontextmanager
async def _pair(site: Site) -> AsyncIterator[Pair]:
    """Both are up all the time, and one of them is asked; what other lines had decided is not for it to catch up on."""
    await skip_to_end(site, GROUP, topics.QUOTA)
    requests = [request(access_token(site.info, uuid4())) for _ in range(CONNECTIONS)]
    ours, bare = site.port(1), site.port(2)
    env = {"DATABASE_URL": site.floors_url, "HTTP_PORT": str(bare)}
    async with (
        site.service("upload", HTTP_PORT=str(ours)) as upload,
        site.running(bare_upload.__name__, env) as floor,
        asyncpg.create_pool(site.info.databases["upload"], min_size=1, max_size=1) as pool,
    ):
        await _listens(upload, ours)
        await _listens(floor, bare)

        async def subject() -> Reading:
            asked = await _ask(site, upload, ours, requests)
            return Reading(asked.value, {**asked.where, "events left in the outbox": await _drain(pool)})

        async def floor_speed() -> Reading:
            return await _ask(site, floor, bare, requests)

        yield Pair(subject, floor_speed)


async def _ask(site: Site, child: Child, port: int, requests: Sequence[bytes]) -> Reading:
    """The speed of a process, and the processor time it took for each answer of its own."""
    meter, started = (
        Meter({"server": child.process.pid, "load": os.getpid(), **server_pids(site.stack)}),
        time.monotonic(),
    )
    speed = await answers_a_second(port, requests, site.options.warm_seconds, site.options.seconds)
    busy = {name: used / (time.monotonic() - started) for name, used in meter.used().items() if name != "minio"}
    shares = {f"{name} % of a core": share * 100 for name, share in busy.items()}
    return Reading(speed, {"server CPU us an answer": busy["server"] * 1e6 / speed, **shares})


async def _listens(child: Child, port: int) -> None:
    """Returns once the process takes connections. Raises BenchError where it ends, or does not in time."""
    end = asyncio.get_running_loop().time() + START_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            if (reason := child.ended()) or asyncio.get_running_loop().time() > end:
                raise BenchError(f"{child.log.stem}: {reason or error}") from error
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


async def _drain(pool: asyncpg.Pool[asyncpg.Record]) -> int:
    """Waits until the relay has said all, so that it does not work in the floor's time; how much it had left."""
    left = waiting = int(await pool.fetchval(_SQL["count_outbox"]))
    end = asyncio.get_running_loop().time() + DRAIN_SECONDS
    while waiting:
        if asyncio.get_running_loop().time() > end:
            raise BenchError(f"the outbox still holds {waiting} events after {DRAIN_SECONDS:.0f} s")
        await asyncio.sleep(0.1)
        waiting = int(await pool.fetchval(_SQL["count_outbox"]))
    return left


LINE = Line(
    "upload-url/s, one process",
    "a bare aiohttp handler with the same INSERT",
    goal=at_least(1.0),
    open=_pair,
)
