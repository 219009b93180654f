"""The classifier's periodic work."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.expiry import purge
from services.chassis.jobs import Job
from services.chassis.lease import Lease
from services.classifier.metrics import EXPIRED
from services.classifier.settings import Settings
from services.classifier.store import PgDocuments


def expiry_job(settings: Settings, documents: PgDocuments) -> Job:
    """Forgets documents whose bytes went longer ago than anything can come again of them."""

    async def delete(most: int) -> int:
        deleted = await documents.expire(settings.tombstone_retention_seconds, most)
        EXPIRED.inc(deleted)
        return deleted

    async def expire(lease: Lease) -> Mapping[str, object]:
        return {"expired": await purge(lease, delete)}

    return Job("expiry", settings.expiry_every_seconds, expire)
