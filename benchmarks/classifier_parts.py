"""The classifier's own parts, wired as its `__main__` does, without what hears, relays and serves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.chassis.migrations import migrate
from services.chassis.outbox import Outbox
from services.chassis.postgres import Pool, open_pool
from services.chassis.storage_minio import open_storage
from services.classifier.attempt import Attempts
from services.classifier.bell import Bell
from services.classifier.desk import Desk
from services.classifier.fetch import Fetch
from services.classifier.handler import ClassifierHandler
from services.classifier.line import PgLine
from services.classifier.modes.embedding import EmbeddingFiler
from services.classifier.modes.model import MODEL, Model
from services.classifier.owners import PgOwners
from services.classifier.records import PgRecords
from services.classifier.runners import Runners
from services.classifier.sandbox.pool import Pool as Readers
from services.classifier.secrets import KeySafe
from services.classifier.settings import Settings
from services.classifier.settings_store import PgSettings
from services.classifier.store import PgDocuments
from services.classifier.terms import terms_of
from services.classifier.work import Work


@dataclass(frozen=True, slots=True)
class Parts:
    """What hears, what claims, what works on one document, and what does so on and on."""

    pool: Pool
    handler: ClassifierHandler
    line: PgLine
    work: Work
    runners: Runners
    readers: Readers


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """On the settings' servers, migrated; documents are filed by meaning."""
    async with (
        open_pool(settings) as pool,
        open_storage(settings) as storage,
        Readers(settings.limits, settings.workers, settings.surroundings) as readers,
        Model(settings.models, settings.surroundings) as model,
    ):
        await migrate(pool, "services.classifier")
        bell, desk = Bell(), Desk(settings.most_of_user)
        owners = PgOwners(pool, PgSettings(pool, KeySafe(settings.fernet_keys), settings.wishes).read, MODEL)
        line = PgLine(pool, settings.classifier_lease_seconds)
        work = Work(
            owners=owners,
            fetch=Fetch(storage, settings.classifier_read_bytes, settings.classifier_fetch_seconds),
            reader=readers,
            filer=EmbeddingFiler(model, owners.keep_vectors),
            terms_of=terms_of,
            records=PgRecords(pool, Outbox(), MODEL),
            line=line,
        )
        runners = Runners(line, Attempts(work, line, desk), desk, bell, settings.pace)
        yield Parts(pool, ClassifierHandler(PgDocuments(pool, bell)), line, work, runners, readers)
