"""Confirms of objects already put, 64 at once, beside the plain design: one process of ours and the ledger's."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import asyncpg
from docuvault_contracts import topics

from benchmarks import peers
from benchmarks.asking import CONNECTIONS, drain, listens, shares
from benchmarks.backlog import skip_to_end
from benchmarks.batches import says
from benchmarks.bucket import silent
from benchmarks.cpu import Meter, server_pids
from benchmarks.documents import Waiting, requested, uploaded
from benchmarks.http_exchange import exchange
from benchmarks.ledger import SQL, open_ledger
from benchmarks.model import Line, Pair, Reading, at_least
from benchmarks.percentiles import percentiles
from benchmarks.site import Child, Site
from deploy.ops.users import access_token
from services.upload.handler import GROUP

SHARE = 10
"""One confirm for so many records of the other lines."""


@dataclass
class Side:
    """A server, the processes behind it, and the documents that wait to be confirmed at it."""

    site: Site
    port: int
    processes: dict[str, int]
    tokens: Sequence[str]
    documents: Sequence[Waiting] = ()

    async def prepare(self) -> None:
        """Makes documents and puts their bytes."""
        number = max(CONNECTIONS, self.site.options.records // SHARE)
        self.documents = await requested(self.port, self.tokens, number)
        await uploaded(self.site.info.minio_url, self.documents)

    async def confirm(self) -> Reading:
        """Answers a second, each a 200, and how long one took."""
        pids = {**self.processes, "load": os.getpid(), **server_pids(self.site.stack)}
        meter, started = Meter(pids), time.monotonic()
        answers = await exchange(self.port, [each.confirm for each in self.documents], CONNECTIONS)
        seconds = time.monotonic() - started
        speed = len(answers) / seconds
        times = percentiles([answer.seconds for answer in answers])
        return Reading(speed, {**times, **shares(meter.used(), seconds, speed)})


@asynccontextmanager
async def _beside_peer(site: Site, workers: int) -> AsyncIterator[Pair]:
    """The bucket is silent, so that each confirm of ours has all of its work to do: no notification decides first."""
    await skip_to_end(site, GROUP, topics.QUOTA)
    async with open_ledger(site, CONNECTIONS) as ledger, silent(site.info), ledger.serving(first_port=2) as (quota,):
        tokens = [access_token(site.info, user) for user in ledger.users]
        async with (
            _ours(site, tokens, quota) as ours,
            _theirs(site, tokens, ledger.users, workers) as theirs,
            asyncpg.create_pool(site.info.databases["upload"], min_size=1, max_size=1) as pool,
        ):

            async def prepare() -> None:
                await ours.prepare()
                await theirs.prepare()
                await drain(pool)

            yield Pair(ours.confirm, theirs.confirm, prepare)


@asynccontextmanager
async def _ours(site: Site, tokens: Sequence[str], quota: Child) -> AsyncIterator[Side]:
    port = site.port(1)
    async with site.service("upload", HTTP_PORT=str(port)) as upload:
        await listens(upload, port)
        for child in (upload, quota):
            await says(child, '"consumer.assigned"')
        yield Side(site, port, {"server": upload.process.pid, "quota": quota.process.pid}, tokens)


@asynccontextmanager
async def _theirs(site: Site, tokens: Sequence[str], users: Sequence[UUID], workers: int) -> AsyncIterator[Side]:
    port = site.port(3)
    async with site.running(peers.MODULE, {**peers.environment(site, workers), "HTTP_PORT": str(port)}) as peer:
        await listens(peer, port)
        connection = await asyncpg.connect(site.floors_url)
        try:
            await connection.execute(SQL["open_peer_accounts"], users)
        finally:
            await connection.close()
        yield Side(site, port, {"server": peer.process.pid}, tokens)


_PLAIN = "FastAPI, SQLAlchemy, minio-py in threads, the UPDATE in confirm"

BESIDE_PEER = Line(
    "confirm/s, 64 at once, to the plain design",
    f"{_PLAIN}; one process",
    at_least(1.5),
    partial(_beside_peer, workers=1),
)
BESIDE_TWO_PEERS = Line(
    "confirm/s, 64 at once, to the plain design in two processes",
    f"{_PLAIN}; two processes, as ours are two with the ledger",
    at_least(1.5),
    partial(_beside_peer, workers=2),
)
