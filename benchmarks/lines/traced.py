"""What traces cost the ledger: its decisions with one trace in a hundred sampled, beside the same with traces off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import web

from benchmarks.ledger import Ledger, open_ledger
from benchmarks.lines.decisions import own_cpu
from benchmarks.model import BenchError, Line, Pair, Reading, at_least, at_most
from benchmarks.site import Site


@dataclass
class Collector:
    """Takes what is exported and throws it away."""

    url: str = ""
    requests: int = 0
    sizes: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/traces."""
        self.requests += 1
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


async def _traced(ledger: Ledger, collector: Collector) -> Reading:
    """Raises BenchError where nothing was exported."""
    before = collector.requests, sum(collector.sizes)
    reading = await _worked(replace(ledger, env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}))
    if collector.requests == before[0]:
        raise BenchError("the ledger exported no span")
    exported = (sum(collector.sizes) - before[1]) / ledger.site.options.records
    return replace(reading, where={"exported bytes each": exported, **reading.where})


async def _worked(ledger: Ledger) -> Reading:
    await ledger.pile_up()
    return await ledger.work()


@asynccontextmanager
async def _speed(site: Site) -> AsyncIterator[Pair]:
    async with open_ledger(site) as ledger, open_collector() as collector:
        yield Pair(lambda: _traced(ledger, collector), lambda: _worked(ledger))


@asynccontextmanager
async def _processor_time(site: Site) -> AsyncIterator[Pair]:
    async with _speed(site) as pair:
        yield Pair(own_cpu(pair.subject), own_cpu(pair.floor))


_OFF = "the same with tracing off"
SPEED = Line("decisions/s with tracing at 1 %, to off", _OFF, at_least(0.97), _speed, seconds=3600.0)
PROCESSOR_TIME = Line(
    "CPU of a decision with tracing at 1 %", _OFF, at_most(1.03), _processor_time, unit="us", seconds=3600.0
)
