"""What traces cost the ledger: the processor time of a decision with one trace in a hundred sampled, beside off.

Two runs of a whole service differ by more than the goals. So one process handles batches in turns (tracing_turns.py),
and what is compared are the batches of one turn: hundreds of ratios, and how sure their median is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from aiohttp import web

from benchmarks import tracing_turns
from benchmarks.intervals import interval
from benchmarks.ledger import Ledger, open_ledger
from benchmarks.model import BenchError, Goal, Limit, Line, Pair, Reading, at_most
from benchmarks.site import Child, Site
from services.quota.settings import Settings

TIMES = 7
"""As many records a round as other lines have: with the default of rounds that makes 200 turns and more."""
FULL_SPEED = "600000"
"""Spans leave by the 512, as they do where every batch is traced and decided as fast as it can be; not by time."""
WITHIN_SECONDS = 900.0
MOST_ON, MOST_OFF = 1.03, 1.01


@dataclass
class Collector:
    """Takes what is exported and throws it away."""

    url: str = ""
    sizes: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/traces."""
        self.sizes.append(len(await request.read()))
        return web.Response(content_type="application/x-protobuf")


@asynccontextmanager
async def open_collector() -> AsyncIterator[Collector]:
    """One that listens on a free port of this process, which has nothing else to do while a ledger works."""
    collector, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield collector
    finally:
        await runner.cleanup()


@dataclass
class Turns:
    """The turns of all rounds so far; `on` and `off` are ratios, to off and to none."""

    rounds: int
    on: list[float] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    last: Reading = field(default_factory=lambda: Reading(0))
    read: int = 0

    def take(self, found: dict[str, Any]) -> tuple[Reading, Reading]:
        """Of a round: what a decision took with traces on, and off. The last tells how sure all of them are."""
        turns: Sequence[dict[str, float]] = found["turns"]
        if not turns:
            raise BenchError("no turn whose batches were of one size: give it more --records")
        self.read += 1
        on = [(turn["on"] + found["others"]) / turn["off"] for turn in turns]
        self.on += on
        self.off += [turn["off"] / turn["none"] for turn in turns]
        middle = median(turn["off"] for turn in turns)
        where = {"exporter us": found["others"], **(self._sure() if self.read == self.rounds else {})}
        return Reading(median(on) * middle, where), Reading(middle)

    def _sure(self) -> dict[str, float]:
        (on_low, on_high), (off_low, off_high) = interval(self.on), interval(self.off)
        return {
            "turns": len(self.on),
            "on to off": median(self.on),
            "on to off, low": on_low,
            ON_HIGH: on_high,
            OFF: median(self.off),
            "off to none, low": off_low,
            OFF_HIGH: off_high,
        }


ON_HIGH, OFF, OFF_HIGH = "on to off, 95 % sure below", "off to none", "off to none, 95 % sure below"


@asynccontextmanager
async def _in_turns(site: Site) -> AsyncIterator[Pair]:
    """The subject's reading is made with the floor's, whichever is asked first."""
    turns, made = Turns(site.options.rounds), dict[str, Reading]()
    async with open_ledger(site) as ledger, open_collector() as collector:

        async def prepare() -> None:
            made["subject"], made["floor"] = turns.take(await _round(ledger, collector))

        async def subject() -> Reading:
            return made["subject"]

        async def floor() -> Reading:
            return made["floor"]

        yield Pair(subject, floor, prepare)


async def _round(ledger: Ledger, collector: Collector) -> dict[str, Any]:
    """Raises BenchError where nothing was exported, or not all is decided."""
    before, records = len(collector.sizes), ledger.site.options.records * TIMES
    for _ in range(TIMES):
        await ledger.pile_up()
    async with ledger.deciding_each(records):
        found = await _worked(ledger, collector.url, records)
    if len(collector.sizes) == before:
        raise BenchError("the ledger exported no span")
    return found


async def _worked(ledger: Ledger, collector: str, records: int) -> dict[str, Any]:
    env = {
        **ledger.site.environment("quota"),
        "DATABASE_URL": ledger.url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "OTEL_BSP_SCHEDULE_DELAY": FULL_SPEED,
        tracing_turns.RECORDS: str(records),
    }
    async with ledger.site.running(tracing_turns.__name__, env) as child, asyncio.timeout(WITHIN_SECONDS):
        await child.process.wait()
        return _told(child)


def _told(child: Child) -> dict[str, Any]:
    lines = child.log.read_text(errors="replace").splitlines()
    if child.process.returncode != 0 or not lines:
        raise BenchError(f"the turns: {child.ended()}")
    told: dict[str, Any] = json.loads(lines[-1])
    return told


LINE = Line(
    "CPU of a decision with tracing at 1 %, in turns",
    f"the same with tracing off; {Settings.model_fields['kafka_max_batch'].default:,} records a batch",
    at_most(MOST_ON),
    _in_turns,
    unit="us",
    limits=tuple(
        Limit(name, Goal(most, "at most", "value"))
        for name, most in ((ON_HIGH, MOST_ON), (OFF, MOST_OFF), (OFF_HIGH, MOST_OFF))
    ),
    seconds=3600.0,
)
