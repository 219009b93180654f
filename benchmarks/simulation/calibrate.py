"""What the model's steps cost on this machine, measured one by one on the real servers.

- a PUT: at a steady pace while the store tells nobody;
- telling of it: the same once more while it tells, less the PUT; its wait by the times of the records in Kafka;
- a decision: at a steady pace (small batches), and of a backlog (full ones): two equations for batch and record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from aiokafka import AIOKafkaConsumer, TopicPartition
from docuvault_contracts import topics

from benchmarks.bucket import silent
from benchmarks.cpu import Meter, server_pids
from benchmarks.ledger import Ledger
from benchmarks.model import BenchError, Reading
from benchmarks.simulation.load import Load, Run
from benchmarks.simulation.model import Costs
from benchmarks.site import Site

PACE = 200.0
"""PUTs a second: far from what two cores take."""
PACE_SECONDS = 15.0
IDLE_SECONDS = 6.0
PAUSE_SECONDS = 0.2
"""Two records that are further apart belong to two looks of the store into its queue."""
LEDGER = ("quota", "postgres", "kafka")


@dataclass(frozen=True, slots=True)
class Batch:
    """So many records on average, and seconds of a core and of the clock for each batch."""

    records: float
    core: float
    clock: float


async def calibrate(ledger: Ledger, load: Load) -> Costs:
    """The costs, each with what the process does anyway taken off. Raises BenchError where it cannot be measured."""
    idle = await _idle(ledger.site)
    async with silent(ledger.site.info):
        silently = _busy(await load.alone(PACE, PACE_SECONDS), idle)
    told = _busy(await load.alone(PACE, PACE_SECONDS), idle)
    gap = await told_every(ledger.site, told.outcome.put)
    small = _small(_busy(await load.decided(PACE, PACE_SECONDS), idle), told)
    await ledger.pile_up()
    return costs_of(silently, told, gap, small, _full(await ledger.work()))


async def _idle(site: Site) -> dict[str, float]:
    """Of a core, what each server takes of a second in which nothing happens."""
    meter = Meter(server_pids(site.stack))
    await asyncio.sleep(IDLE_SECONDS)
    return {name: used / IDLE_SECONDS for name, used in meter.used().items()}


def _busy(run: Run, idle: dict[str, float]) -> Run:
    run.cores = {name: max(0.0, used - idle.get(name, 0.0) * run.outcome.seconds) for name, used in run.cores.items()}
    return run


async def told_every(site: Site, records: int) -> float:
    """Seconds from one record to the next, where the store tells one after the other: the median of the last ones."""
    consumer = AIOKafkaConsumer(**site.info.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topics.STORAGE_EVENTS.name, at) for at in range(topics.STORAGE_EVENTS.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition, end in ends.items():
            consumer.seek(partition, max(0, end - 2 * records // len(partitions)))
        times = [each.timestamp async for each in _until(consumer, ends)]
    finally:
        await consumer.stop()
    return gap_of(sorted(times)[-records:])


async def _until(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - an async generator of the driver's records
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for each in records:
                yield each


def gap_of(times_ms: Sequence[int]) -> float:
    """Seconds a record, of those that follow one another in one look. Raises BenchError where there are too few."""
    gaps = [(then - now) / 1000 for now, then in pairwise(times_ms)]
    inner = [gap for gap in gaps if gap < PAUSE_SECONDS]
    if len(inner) < len(times_ms) / 2:
        raise BenchError(f"of {len(times_ms)} records {len(inner)} followed another: the store does not tell in rows")
    return sum(inner) / len(inner)


def _small(run: Run, told: Run) -> Batch:
    """Kafka's part is what it takes beyond being told."""
    sizes = run.outcome.put / len(run.batches)
    core = run.core_each(*LEDGER) - told.core_each("kafka")
    clock = median(sum(each.steps.values()) / 1000 for each in run.batches)
    return Batch(sizes, core * sizes, clock)


def _full(reading: Reading) -> Batch:
    where = reading.where
    sizes = where["records a batch"]
    core = sum(where[f"{name} CPU us each"] for name in ("consumer", "postgres", "kafka")) / 1e6
    return Batch(sizes, core * sizes, sizes / reading.value)


def costs_of(silently: Run, told: Run, gap: float, small: Batch, full: Batch) -> Costs:
    """The model's numbers of what was measured; what noise makes negative is nothing."""
    put = silently.core_each("minio")
    ask = silently.core_each("load")
    told_core = max(0.0, told.core_each("minio", "kafka") - put)
    record = max(0.0, (full.core - small.core) / (full.records - small.records))
    batch = max(0.0, small.core - record * small.records)
    return Costs(
        ask_core=ask,
        put_core=put,
        put_wait=max(0.0, median(silently.answers) - put - ask),
        told_core=told_core,
        told_wait=max(0.0, gap - told_core),
        batch_core=batch,
        batch_wait=max(0.0, small.clock - small.core),
        record_core=record,
    )
