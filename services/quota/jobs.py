"""The periodic work of the ledger, on one replica at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing

import asyncpg
import structlog

from services.chassis.jobs import Job, Lease
from services.quota.drift import find_drift
from services.quota.drift_command import facts_of
from services.quota.expiry import Expiry, PgExpiry
from services.quota.metrics import show_drift
from services.quota.settings import Settings

log = structlog.get_logger(__name__)


def make_jobs(settings: Settings, pool: asyncpg.Pool[asyncpg.Record]) -> Sequence[Job]:
    """The hourly look for drift, and the expiry of tombstones."""
    expiry = PgExpiry(pool, settings.tombstone_retention_seconds, settings.journal_retention_seconds)
    signed = f"{settings.service_name}-{settings.replica}"
    return (
        Job("drift", settings.drift_every_seconds, DriftJob(pool, repair=settings.drift_repair, by=signed), show_drift),
        Job("expiry", settings.expiry_every_seconds, Expiry(expiry)),
    )


class DriftJob:
    """Tells, and repairs where that is switched on, each total that is not the sum of its rows."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], *, repair: bool, by: str) -> None:
        self._pool = pool
        self._repair = repair
        self._by = by

    async def __call__(self, lease: Lease) -> Mapping[str, object]:
        """How many were found and left, repaired, and refused; one log line each."""
        counts = Counter({"found": 0, "repaired": 0, "refused": 0})
        await lease.check()
        async with aclosing(find_drift(self._pool, repair=self._repair, by=self._by)) as slices:
            async for findings in slices:
                for finding in findings:
                    counts[finding.done] += 1
                    log.warning("quota.drift", **facts_of(finding))
                await lease.check()
        return dict(counts)
