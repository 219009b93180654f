"""A replica that walks a bucket of a test's own as a process, so that it can be killed in the middle.

    python -m tests.stack.reconcile_replica <name of the replica> <objects> <pages a second>

DATABASE_URL is the database's. What it has passed is a row of `walked`, what it has said one of `told`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

from docuvault_contracts.cloudevents import Message

from services.chassis.jobs import Job, Lease, run_jobs
from services.chassis.logging import configure
from services.chassis.postgres import Pool, open_pool
from services.chassis.run import run
from services.chassis.settings import DatabaseSettings, load
from services.janitor.reconcile import Reconciler
from services.janitor.reconcile_progress import Manner, Progress
from services.janitor.reconcile_rows import PgRows
from services.janitor.reconcile_rules import Difference
from tests.stack.support.lazy_bucket import LazyBucket

WALKED = "CREATE TABLE walked (who text, objects int, at bigint GENERATED ALWAYS AS IDENTITY)"
TOLD = "CREATE TABLE told (key text)"


class Noted:
    """Listens, and remembers how many objects were passed."""

    def __init__(self) -> None:
        self.objects = 0

    def found(self, difference: Difference) -> None:
        """Published anyway."""

    def passed(self, objects: int, progress: Progress) -> None:  # noqa: ARG002 - as the protocol has it
        """Counts."""
        self.objects += objects


class Telling:
    """Publishes into a table."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def publish(self, messages: Sequence[Message], /) -> None:
        """Whose document each is about."""
        keys = [(each.key or b"").decode() for each in messages]
        await self._pool.execute("INSERT INTO told SELECT unnest($1::text[])", keys)


def walk_job(pool: Pool, who: str, objects: int, pages_per_second: float) -> Job:
    """The job of the janitor on a bucket that is made as it is listed; notes each page."""

    async def work(lease: Lease) -> Mapping[str, object]:
        noted, place = Noted(), Noting(lease, pool, who)
        place.noted = noted
        manner = Manner(60, pages_per_second, 16)
        reconciler = Reconciler(LazyBucket(objects), PgRows(pool, 60), Telling(pool), manner, noted)
        return (await reconciler.walk(place)).result()

    return Job("reconcile", 3600, work)


class Noting:
    """A lease whose checks note what has been passed by then."""

    noted: Noted

    def __init__(self, lease: Lease, pool: Pool, who: str) -> None:
        self._lease = lease
        self._pool = pool
        self._who = who

    @property
    def cursor(self) -> Mapping[str, object] | None:
        """The lease's."""
        return self._lease.cursor

    async def check(self) -> None:
        """The lease's, and a note."""
        await self._lease.check()
        await self._pool.execute("INSERT INTO walked (who, objects) VALUES ($1, $2)", self._who, self.noted.objects)

    async def save(self, cursor: Mapping[str, object] | None) -> None:
        """The lease's."""
        await self._lease.save(cursor)


async def main(stop: asyncio.Event) -> None:
    """Runs until it is ended."""
    who, objects, pages_per_second = sys.argv[1:]
    configure("example", who)
    async with open_pool(load(DatabaseSettings)) as pool:
        await run_jobs(pool, [walk_job(pool, who, int(objects), float(pages_per_second))], stop)


if __name__ == "__main__":
    run(main)
