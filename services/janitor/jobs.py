"""The janitor's periodic work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import asyncpg
import structlog

from services.chassis.expiry import purge
from services.chassis.jobs import Job
from services.chassis.lease import Lease
from services.chassis.producer import Publisher
from services.janitor.looks import PgLooks
from services.janitor.metrics import AUDITED, DIFFERENCES, EXPIRED, STANDING
from services.janitor.reconcile import Reconciler
from services.janitor.reconcile_progress import Progress
from services.janitor.reconcile_rules import Difference, Kind
from services.janitor.settings import Settings
from services.janitor.sweep import Store, Sweep
from services.janitor.uploads import EndUploads, PgEnds
from services.janitor.uploads import Store as Ending

log = structlog.get_logger(__name__)


class Swept(Store, Ending, Protocol):
    """What a sweep asks of the object storage."""


def sweep_job(settings: Settings, pool: asyncpg.Pool[asyncpg.Record], store: Swept, publisher: Publisher) -> Job:
    """Ends what nobody can complete any more, then looks up what was never decided: nothing is completed in between."""
    end = EndUploads(PgEnds(pool), store, settings.looks_at_once)
    sweep = Sweep(PgLooks(pool), store, publisher, settings.patience, settings.looks_at_once)

    async def work(lease: Lease) -> Mapping[str, object]:
        ended = await end(lease)
        return {**await sweep(lease), "ended": ended}

    return Job("sweep", settings.sweep_every_seconds, work)


class Counted:
    """Listens to a walk of the bucket, for the metrics."""

    def found(self, difference: Difference) -> None:
        """One of its kind."""
        DIFFERENCES.labels(difference.kind).inc()

    def passed(self, objects: int, progress: Progress) -> None:  # noqa: ARG002 - as the protocol has it
        """So many met."""
        AUDITED.inc(objects)


def reconcile_job(settings: Settings, reconciler: Reconciler) -> Job:
    """Walks the bucket from where a walk was cut off, and says what differs."""

    async def reconcile(lease: Lease) -> Mapping[str, object]:
        result = (await reconciler.walk(lease)).result()
        log.info("janitor.reconciled", **result)
        return result

    return Job("reconcile", settings.reconcile_every_seconds, reconcile, show_walk)


def show_walk(result: Mapping[str, object]) -> None:
    """Of the last walk that ended."""
    for kind in Kind:
        found = result.get(kind, 0)
        STANDING.labels(kind).set(found if isinstance(found, int) else 0)


def expiry_job(settings: Settings, looks: PgLooks) -> Job:
    """Forgets keys that were removed or abandoned longer ago than anything can come again of them."""

    async def delete(most: int) -> int:
        deleted = await looks.forget(settings.tombstone_retention_seconds, most)
        EXPIRED.inc(deleted)
        return deleted

    async def expire(lease: Lease) -> Mapping[str, object]:
        return {"expired": await purge(lease, delete)}

    return Job("expiry", settings.expiry_every_seconds, expire)
