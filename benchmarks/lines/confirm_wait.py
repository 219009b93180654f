"""How long a client waits for confirm, right after its PUT, at 50 a second."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

from docuvault_contracts import topics
from docuvault_contracts.keys import make_key

from benchmarks import wire
from benchmarks.asking import listens
from benchmarks.backlog import skip_to_end
from benchmarks.bare_confirm import BareConfirm, bare_confirm
from benchmarks.batches import says
from benchmarks.cpu import Meter, server_pids
from benchmarks.documents import Waiting, requested
from benchmarks.http_exchange import accepted
from benchmarks.ledger import open_ledger
from benchmarks.model import Goal, Limit, Line, Pair, Reading, at_most
from benchmarks.pace import Lending, lending, paced
from benchmarks.percentiles import percentiles
from benchmarks.site import Site
from deploy.ops.users import access_token
from services.upload.handler import GROUP

A_SECOND = 50
USERS = 64
CONNECTIONS = 64
SECONDS_FACTOR = 2.5
"""Of the other lines' seconds: at 50 a second a percentile needs some time."""


@dataclass
class Clients:
    """Clients that PUT and confirm; a document of each is made before the clock runs."""

    site: Site
    api: Lending
    store: Lending
    port: int
    tokens: Sequence[str]
    bare: BareConfirm
    pids: Mapping[str, int]
    documents: Sequence[Waiting] = field(default_factory=list)

    async def prepare(self) -> None:
        """Pending documents for one reading."""
        number = max(A_SECOND, round(A_SECOND * self.site.options.seconds * SECONDS_FACTOR))
        self.documents = await requested(self.port, self.tokens, number)

    async def confirm(self) -> Reading:
        """Ours."""
        return await self._read([partial(self._put_and_confirm, each) for each in self.documents])

    async def floor(self) -> Reading:
        """The same PUTs, each followed by the bare floor."""
        keys = [make_key(uuid4(), uuid4(), "scan.pdf") for _ in self.documents]
        found = await self._read([partial(self._put_and_floor, str(key)) for key in keys])
        return Reading(found.value, {**found.where, **self.bare.chain()})

    async def _read(self, work: Sequence[Callable[[], Awaitable[float]]]) -> Reading:
        """The wait, and who was busy meanwhile: where the processor is used up, a wait is a queue."""
        meter = Meter({**self.pids, "load": os.getpid(), **server_pids(self.site.stack)})
        started = time.monotonic()
        times = percentiles(await paced(work, A_SECOND))
        seconds = time.monotonic() - started
        busy = {f"{name} % of a core": used * 100 / seconds for name, used in meter.used().items()}
        return Reading(times["p50 ms"], {**times, **busy})

    async def _put_and_confirm(self, document: Waiting) -> float:
        accepted(await self.store.ask(document.put))
        return accepted(await self.api.ask(document.confirm)).seconds

    async def _put_and_floor(self, object_key: str) -> float:
        signed = partial(wire.presigned, self.site.info, object_key=object_key)
        accepted(await self.store.ask(wire.put(signed(method="PUT"))))
        return await self.bare(wire.head(signed(method="HEAD")))


@asynccontextmanager
async def _beside_bare(site: Site) -> AsyncIterator[Pair]:
    await skip_to_end(site, GROUP, topics.QUOTA)
    ours, store_port = site.port(1), urlsplit(site.info.minio_url).port or 0
    async with (
        open_ledger(site, USERS) as ledger,
        ledger.serving(first_port=2) as (quota,),
        site.service("upload", HTTP_PORT=str(ours)) as upload,
        lending(store_port, CONNECTIONS) as store,
        bare_confirm(site, store) as bare,
    ):
        await listens(upload, ours)
        await asyncio.gather(*(says(child, '"consumer.assigned"') for child in (upload, quota)))
        async with lending(ours, CONNECTIONS) as api:
            tokens = [access_token(site.info, user) for user in ledger.users]
            pids = {"upload": upload.process.pid, "quota": quota.process.pid}
            clients = Clients(site, api, store, ours, tokens, bare, pids)
            yield Pair(clients.confirm, clients.floor, clients.prepare)


LINE = Line(
    "confirm after a PUT, at 50/s, p50",
    "stat + one Kafka round trip + one commit, bare",
    at_most(2.5),
    _beside_bare,
    unit="ms",
    limits=(Limit("p99 ms", Goal(50, "at most")),),
)
