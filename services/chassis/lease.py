"""The lease of a job: the right to work on it, which one replica has at a time, and how far its run has come.

The lock is PostgreSQL's, in a transaction of a connection of its own that is kept from falling silent. So it is free at
once where its holder dies, and soon where its holder stalls; a holder that wakes late learns it at its next `check`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from services.chassis.deadletters import reason_of
from services.chassis.job_run import Run
from services.chassis.postgres import Connection, load_sql, transaction
from services.chassis.retry import Abandoned, pause

SILENCE_SECONDS = 30.0
"""A holder that has said nothing for so long is stalled: its session is ended, and the lock is free."""
BEATS = 3
"""How often a holder that is well is heard in that time."""


class LeaseLost(Abandoned):
    """The work is no longer ours, or a stop was asked for: leave it as it stands, whoever comes next goes on."""


class Lock:
    """A lock that is held, in the transaction of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self._lost: LeaseLost | None = None

    async def touch(self) -> None:
        """One round trip; raises LeaseLost, from then on always, where it does not prove that the lock is held."""
        async with self._turn:
            if self._lost is None:
                await self._ask()
        if self._lost is not None:
            raise self._lost

    async def _ask(self) -> None:
        try:
            await self._connection.execute("SELECT 1")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            self._lost = LeaseLost(f"the lock is gone: {reason_of(error)}")


@asynccontextmanager
async def held(
    pool: asyncpg.Pool[asyncpg.Record], name: str, silence_seconds: float = SILENCE_SECONDS
) -> AsyncIterator[Lock | None]:
    """The lock of the job `name` as long as the block runs; None where another holds it. Raises Transient."""
    async with transaction(pool) as connection:
        silence_ms = str(int(silence_seconds * 1000))
        found = await connection.fetchrow(load_sql("services.chassis")["jobs_lock"], name, silence_ms)
        if found is None or not found["held"]:
            yield None
            return
        lock = Lock(connection)
        async with _beating(lock, silence_seconds / BEATS):
            yield lock


@asynccontextmanager
async def _beating(lock: Lock, every_seconds: float) -> AsyncIterator[None]:
    done = asyncio.Event()
    beat = asyncio.create_task(_beat(lock, every_seconds, done))
    try:
        yield
    finally:
        done.set()  # not a cancellation: cut off in mid-statement, the connection could say no more
        await asyncio.wait({beat})


async def _beat(lock: Lock, every_seconds: float, done: asyncio.Event) -> None:
    """Until `done`, or until the lock is lost, which its holder learns when it asks."""
    while True:
        await pause(every_seconds, done)
        if done.is_set():
            return
        try:
            await lock.touch()
        except LeaseLost:
            return


class Lease:
    """Held while a job runs; what the job's work is given."""

    def __init__(self, lock: Lock, run: Run, stop: asyncio.Event) -> None:
        self._lock = lock
        self._run = run
        self._stop = stop

    async def check(self) -> None:
        """Call it between slices, before each effect. Raises LeaseLost where it is gone, or a stop was asked for."""
        if self._stop.is_set():
            raise LeaseLost("a stop was asked for")
        await self._lock.touch()

    async def save(self, cursor: Mapping[str, object] | None) -> None:
        """Keeps how far the work has come, over crashes: the next run starts with it, unless this one ends well.

        `cursor` is JSON-able. Raises LeaseLost where another run has begun since, and Transient.
        """
        if not await self._run.save(cursor):
            raise LeaseLost("another run has begun")

    @property
    def cursor(self) -> Mapping[str, object] | None:
        """What was saved last, by this run or by those before it that did not end well; None where nothing was."""
        return self._run.cursor
