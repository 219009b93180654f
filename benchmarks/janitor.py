"""The janitor's own parts in this process, on the stack's servers, and objects for them to work on."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from docuvault_contracts.keys import make_key, new_document_id
from miniopy_async.api import Minio

from benchmarks import wire
from benchmarks.cpu import Meter, server_pids
from benchmarks.http_exchange import exchange
from benchmarks.model import BenchError, Reading
from benchmarks.site import Site
from deploy.local.credentials import load_credentials
from deploy.local.server_services import service_environment
from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, open_pool
from services.chassis.storage_minio import MinioStorage, open_storage
from services.janitor.settings import Settings

PUTS_AT_ONCE = 16
PUTS_IN_A_ROW = 10_000
"""As many requests are ready-made at a time."""


@dataclass(frozen=True, slots=True)
class Janitor:
    """Its database, migrated, and a bucket of its own, which tells nobody of what is put into it and removed."""

    site: Site
    settings: Settings
    pool: Pool
    storage: MinioStorage

    async def put(self, keys: Sequence[str]) -> None:
        """An object of 1,000 bytes under each key."""
        port = urlsplit(self.site.info.minio_url).port or 0
        for start in range(0, len(keys), PUTS_IN_A_ROW):
            some = keys[start : start + PUTS_IN_A_ROW]
            puts = [wire.put(await self.storage.generate_presigned_put_url(key)) for key in some]
            await exchange(port, puts, min(PUTS_AT_ONCE, len(puts)))

    async def must_hold_nothing_of(self, user: UUID) -> None:
        """Raises BenchError where the store has an object of the user."""
        page = await self.storage.list_page(f"{user}/", 1)
        if page.objects and page.objects[0].key.startswith(f"{user}/"):
            raise BenchError("an object was to be removed, and is still there")

    async def timed(self, work: Callable[[], Awaitable[object]], number: int) -> Reading:
        """So many objects in the time of the work, and which process took how much of a core for it."""
        meter, started = Meter({"own": os.getpid(), **server_pids(self.site.stack)}), time.perf_counter()
        await work()
        seconds = time.perf_counter() - started
        busy = {f"{name} % of a core": used * 100 / seconds for name, used in meter.used().items() if name != "kafka"}
        return Reading(number / seconds, busy)


@asynccontextmanager
async def open_janitor(site: Site) -> AsyncIterator[Janitor]:
    """Connected; a bucket beside the stack's, so that no other line's objects are in it."""
    info, bucket = site.info, f"bench-{uuid4()}"
    root = info.store_keys["root"]
    async with Minio(
        info.minio_endpoint, root.access_key, root.secret_key, region=info.minio_region, secure=False
    ) as client:
        await client.make_bucket(bucket)
    own = service_environment(site.stack.settings, load_credentials(site.stack.layout), "janitor")
    keys = {"minio_access_key": root.access_key, "minio_secret_key": root.secret_key}
    store = {"minio_bucket": bucket, "minio_public_endpoint": "", **keys}
    settings = Settings.model_validate({name.lower(): value for name, value in own.items()} | store)
    async with open_pool(settings) as pool, open_storage(settings) as storage:
        await migrate(pool, "services.janitor")
        yield Janitor(site, settings, pool, storage)


def keys_of(user: UUID, number: int) -> list[str]:
    """Keys of new documents of a user, in their order."""
    return sorted(str(make_key(user, new_document_id(), "scan.pdf")) for _ in range(number))
