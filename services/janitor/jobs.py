"""The janitor's periodic work."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.expiry import purge
from services.chassis.jobs import Job
from services.chassis.lease import Lease
from services.chassis.producer import Publisher
from services.janitor.looks import PgLooks
from services.janitor.metrics import EXPIRED
from services.janitor.settings import Settings
from services.janitor.sweep import Store, Sweep


def sweep_job(settings: Settings, looks: PgLooks, store: Store, publisher: Publisher) -> Job:
    """Looks up what was never decided."""
    sweep = Sweep(looks, store, publisher, settings.patience, settings.looks_at_once)
    return Job("sweep", settings.sweep_every_seconds, sweep)


def expiry_job(settings: Settings, looks: PgLooks) -> Job:
    """Forgets keys that were removed or abandoned longer ago than anything can come again of them."""

    async def delete(most: int) -> int:
        deleted = await looks.forget(settings.tombstone_retention_seconds, most)
        EXPIRED.inc(deleted)
        return deleted

    async def expire(lease: Lease) -> Mapping[str, object]:
        return {"expired": await purge(lease, delete)}

    return Job("expiry", settings.expiry_every_seconds, expire)
