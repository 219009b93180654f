"""The periodic work of the service, on one replica at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import asyncpg

from services.chassis.expiry import purge
from services.chassis.jobs import Job, Lease
from services.chassis.outbox import Outbox
from services.upload.reminders import Reminders
from services.upload.settings import Settings
from services.upload.store_jobs import PgTombstones, PgWaiting
from services.upload.store_keys import PgKeys


def make_jobs(settings: Settings, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox) -> Sequence[Job]:
    """Reminders, and the expiry of tombstones and of idempotency keys."""
    patience = settings.sweep_age_seconds + settings.sweep_every_seconds
    waiting = PgWaiting(pool, outbox, patience, settings.sweep_grace_seconds)
    tombstones = PgTombstones(pool, settings.tombstone_retention_seconds, settings.sweep_grace_seconds)
    free = partial(PgKeys(pool).expire, settings.idempotency_key_seconds)

    async def expire(lease: Lease) -> Mapping[str, object]:
        return {"forgotten": await purge(lease, tombstones.expire), "keys": await purge(lease, free)}

    return (
        Job("reminders", settings.sweep_every_seconds, Reminders(waiting)),
        Job("expiry", settings.expiry_every_seconds, expire),
    )
