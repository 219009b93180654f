"""What traces cost a batch of the ledger, in turns: `python -m benchmarks.tracing_turns`, for lines/traced.py.

One process is the ledger's consumer, with the service's own settings: real records, database and brokers, one batch
after the other. In each turn every way has a batch, in an order of chance: traces on; off; none, which is off with the
lines that make spans cut out of their source. A batch took what the working thread did of the processor. What all
other threads did is the exporter's, and is put on the traced.

Works off RECORDS notifications, as many as were there before. Its last line is JSON: microseconds a record by way, of
each turn whose batches were of one size, and `others`, those of the other threads for a traced record.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field

from benchmarks.cut_out import in_place, without
from services.chassis.consumer import Consumer, open_consumer
from services.chassis.consumer_pipeline import Pipeline
from services.chassis.consumer_work import Line
from services.chassis.logging import configure
from services.chassis.metrics import METRICS
from services.chassis.outbox import Outbox
from services.chassis.postgres import open_pool
from services.chassis.producer import Producer, open_producer
from services.chassis.run import run
from services.chassis.settings import load
from services.chassis.tracing import Tracer, installed
from services.chassis.tracing_sdk import open_tracer
from services.chassis.watchdog import Watchdog
from services.quota.handler import QuotaHandler
from services.quota.model import Fact
from services.quota.parsing import TOPICS, QuotaParser
from services.quota.settings import Settings
from services.quota.store import PgLedger

GROUP = "quota"
RECORDS = "RECORDS"
"""The variable that says how many there are."""
WARM_TURNS = 5

_CARRY = without(
    Pipeline._carry,  # noqa: SLF001 - what is measured
    "        with work.traced():\n            await self._through(work)\n",
    "        await self._through(work)\n",
)
_COMMIT = without(Pipeline._commit, 'work.timed("commit"), committing(work.line.group)', 'work.timed("commit")')  # noqa: SLF001 - likewise
_PUBLISH = without(
    Producer.publish,
    "        with sending(messages) as sent:\n"
    "            await self._within(self._settings.kafka_publish_timeout_seconds, sent)\n",
    "        await self._within(self._settings.kafka_publish_timeout_seconds, messages)\n",
)
_WITHOUT = ((Pipeline, "_carry", _CARRY), (Pipeline, "_commit", _COMMIT), (Producer, "publish", _PUBLISH))


@contextmanager
def untraceable() -> Iterator[None]:
    """Inside the block a batch meets no line that is there for spans; connections have none while traces are off."""
    with ExitStack() as stack:
        for owner, name, other in _WITHOUT:
            stack.enter_context(in_place(owner, name, other))
        yield


@dataclass(frozen=True)
class Way:
    """How a batch is handled: by a line of its own, with connections of its own, inside `around`."""

    line: Line[Fact]
    around: Callable[[], AbstractContextManager[None]]


@dataclass
class Turns:
    """What was measured so far. `left` is how many records there are still."""

    consumer: Consumer
    ways: Mapping[str, Way]
    left: int
    found: list[dict[str, tuple[int, float]]] = field(default_factory=list)

    async def all(self) -> None:
        """Turn after turn, until all is worked off."""
        while self.left > 0:
            names = random.sample(list(self.ways), len(self.ways))
            self.found.append({name: await self._one(self.ways[name]) for name in names if self.left > 0})

    async def _one(self, way: Way) -> tuple[int, float]:
        """Records of a batch, and seconds of the processor from its poll to its commit."""
        with way.around():
            began, pipeline = time.thread_time(), Pipeline(self.consumer, way.line)
            batch = await pipeline.poll()
            if batch is None:
                raise asyncio.CancelledError
            await pipeline.take(batch)
            if fallen := await pipeline.drain():
                raise fallen[0][1]
            took = time.thread_time() - began
        self.left -= len(batch.records)
        return len(batch.records), took

    def told(self, others: float) -> dict[str, object]:
        """As it is printed."""
        kept = [turn for turn in self.found[WARM_TURNS:] if len({size for size, _ in turn.values()}) == 1]
        turns = [{name: took / size * 1e6 for name, (size, took) in turn.items()} for turn in kept]
        traced = sum(turn["on"][0] for turn in self.found if "on" in turn)
        return {"turns": [turn for turn in turns if len(turn) == len(self.ways)], "others": others / traced * 1e6}


def _arounds(tracer: Tracer) -> Iterator[tuple[str, Callable[[], AbstractContextManager[None]]]]:
    yield "on", lambda: installed(tracer)
    yield "off", nullcontext
    yield "none", untraceable


async def main(stop: asyncio.Event) -> None:
    """Wiring, as the service has it, three times."""
    settings = load(Settings)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123, ASYNC230 - lines are written, and read by nobody
        configure(settings.service_name, settings.replica, settings.log_level, stream=nowhere)
        before = time.process_time() - time.thread_time()
        tracer = open_tracer(settings)
        async with AsyncExitStack() as stack:
            producer = await stack.enter_async_context(open_producer(settings))
            consumer = await stack.enter_async_context(open_consumer(settings, group=GROUP, topics=TOPICS))
            parser = QuotaParser(settings.minio_bucket, settings.default_limit_bytes)
            ways: dict[str, Way] = {}
            for name, around in _arounds(tracer):
                with around():
                    handler = QuotaHandler(PgLedger(await stack.enter_async_context(open_pool(settings)), Outbox()))
                line = Line(GROUP, parser, handler, producer, stop, Watchdog(600), METRICS, consumer.cap)
                ways[name] = Way(line, around)
            turns = Turns(consumer, ways, int(os.environ[RECORDS]))
            await turns.all()
            await tracer.close()
        sys.stderr.write(json.dumps(turns.told(time.process_time() - time.thread_time() - before)) + "\n")


if __name__ == "__main__":
    run(main)
