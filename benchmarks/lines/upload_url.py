"""Upload URLs a second of one process: token, checks, key, signature, row and event, answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import asyncpg
from docuvault_contracts import topics

from benchmarks import bare_upload, peers, wire
from benchmarks.asking import CONNECTIONS, ask, drain, listens
from benchmarks.backlog import skip_to_end
from benchmarks.model import Line, Pair, Reading, at_least
from benchmarks.site import Site
from deploy.ops.users import access_token
from services.upload.handler import GROUP


@asynccontextmanager
async def _pair(site: Site, floor: str, env: Mapping[str, str]) -> AsyncIterator[Pair]:
    """Both are up all the time, and one of them is asked; what other lines had decided is not for it to catch up on."""
    await skip_to_end(site, GROUP, topics.QUOTA)
    requests = [wire.upload_url(access_token(site.info, uuid4())) for _ in range(CONNECTIONS)]
    ours, theirs = site.port(1), site.port(2)
    async with (
        site.service("upload", HTTP_PORT=str(ours)) as upload,
        site.running(floor, {**env, "HTTP_PORT": str(theirs)}) as other,
        asyncpg.create_pool(site.info.databases["upload"], min_size=1, max_size=1) as pool,
    ):
        await listens(upload, ours)
        await listens(other, theirs)

        async def subject() -> Reading:
            asked = await ask(site, upload, ours, requests)
            return Reading(asked.value, {**asked.where, "events left in the outbox": await drain(pool)})

        yield Pair(subject, partial(ask, site, other, theirs, requests))


@asynccontextmanager
async def _beside_bare(site: Site) -> AsyncIterator[Pair]:
    async with _pair(site, bare_upload.__name__, {"DATABASE_URL": site.floors_url}) as pair:
        yield pair


@asynccontextmanager
async def _beside_peer(site: Site) -> AsyncIterator[Pair]:
    async with _pair(site, peers.MODULE, peers.environment(site)) as pair:
        yield pair


LINE = Line(
    "upload-url/s, one process",
    "a bare aiohttp handler with the same INSERT",
    at_least(1.0),
    _beside_bare,
)
BESIDE_PEER = Line(
    "upload-url/s, to the plain design",
    "FastAPI, SQLAlchemy, minio-py; one process",
    at_least(3.0),
    _beside_peer,
)
