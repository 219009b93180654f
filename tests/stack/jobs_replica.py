"""A replica with one job as a process of its own, so that it can be killed and stopped.

    python -m tests.stack.jobs_replica <name of the replica> <silence in seconds> <step after which it stops itself>

DATABASE_URL is the database's. A run takes `STEPS` steps, each a row of `worked` and then the cursor.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.jobs import Job, Lease, run_jobs
from services.chassis.logging import configure
from services.chassis.postgres import Pool, open_pool
from services.chassis.run import run
from services.chassis.settings import DatabaseSettings, load

STEPS = 20
STEP_SECONDS = 0.05
NAME = "steps"
WORKED = """
CREATE TABLE worked (who text, step int, at timestamptz DEFAULT clock_timestamp(), id int GENERATED ALWAYS AS IDENTITY)
"""


@dataclass(frozen=True)
class Steps:
    """Work that goes on from its cursor."""

    pool: Pool
    who: str
    stops_after: int | None = None

    async def __call__(self, lease: Lease) -> Mapping[str, object]:
        step = int(str((lease.cursor or {}).get("step", 0)))
        while step < STEPS:
            await lease.check()
            await self.pool.execute("INSERT INTO worked (who, step) VALUES ($1, $2)", self.who, step)
            step += 1
            await lease.save({"step": step})
            if step == self.stops_after:
                signal.raise_signal(signal.SIGSTOP)
            await asyncio.sleep(STEP_SECONDS)
        return {"steps": step}


async def main(stop: asyncio.Event) -> None:
    who, silence, stops_after = sys.argv[1:]
    configure("example", who)
    async with open_pool(load(DatabaseSettings)) as pool:
        job = Job(NAME, 3600, Steps(pool, who, int(stops_after)))
        await run_jobs(pool, [job], stop, silence_seconds=float(silence))


if __name__ == "__main__":
    run(main)
