"""Decisions: Kafka, decided and committed, event published, offsets committed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import asyncpg
from docuvault_contracts import topics

from benchmarks import bare_pair, pgbench
from benchmarks.backlog import skip_to_end
from benchmarks.ledger import SQL, USERS, open_ledger, watched
from benchmarks.model import Line, Measure, Pair, Reading, at_least, at_most
from benchmarks.site import Site
from services.quota.settings import Settings

OWN_CPU = "consumer CPU us each"
SAME_BATCHES = Settings.model_fields["kafka_max_batch"].default


@asynccontextmanager
async def _beside_pgbench(site: Site, users: int = USERS) -> AsyncIterator[Pair]:
    floors = await asyncpg.connect(site.floors_url)
    try:
        await floors.execute(SQL["make_pgbench_accounts"])
        await floors.execute(SQL["fill_pgbench_accounts"], users)
    finally:
        await floors.close()
    async with open_ledger(site, users) as ledger:
        yield Pair(ledger.work, partial(pgbench.charge, site, users), ledger.pile_up)


@asynccontextmanager
async def _beside_bare_pair(site: Site) -> AsyncIterator[Pair]:
    async def pump() -> Reading:
        env = {**site.info.kafka_environment, "KAFKA_MAX_BATCH": str(SAME_BATCHES)}
        async with site.running(bare_pair.__name__, env) as child:
            return await watched(site, [child], site.options.records)

    await skip_to_end(site, bare_pair.GROUP, topics.STORAGE_EVENTS)
    async with open_ledger(site) as ledger:
        yield Pair(ledger.work, pump, ledger.pile_up)


@asynccontextmanager
async def _processor_time(site: Site) -> AsyncIterator[Pair]:
    async with _beside_bare_pair(site) as pair:
        yield Pair(own_cpu(pair.subject), own_cpu(pair.floor), pair.prepare)


def own_cpu(measure: Measure) -> Measure:
    """The same reading, seen from the processor time that the consumer's own process took for a record."""

    async def read() -> Reading:
        found = await measure()
        return replace(found, value=found.where[OWN_CPU], where={"records/s": found.value, **found.where})

    return read


_PGBENCH = f"pgbench, {pgbench.CLIENTS} clients, conditional UPDATE of"

BESIDE_PGBENCH = Line("decisions/s, 1,000 users", f"{_PGBENCH} one of {USERS:,} rows", at_least(1.0), _beside_pgbench)
HOT_USER = Line("decisions/s, one hot user", f"{_PGBENCH} one row", at_least(5.0), partial(_beside_pgbench, users=1))
BESIDE_BARE_PAIR = Line(
    "decisions/s, 1,000 users, to a bare pair",
    "a consumer and a producer that decide nothing, same batches",
    at_least(0.8),
    _beside_bare_pair,
)
PROCESSOR_TIME = Line(
    "CPU of a decision, quota's own process",
    "the CPU of the bare pair",
    at_most(2.0),
    _processor_time,
    unit="us",
)
