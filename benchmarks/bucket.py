"""The stack's bucket, as its administrator sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider

from deploy.local.info import StackInfo


@asynccontextmanager
async def silent(info: StackInfo) -> AsyncIterator[None]:
    """The bucket tells nobody of its objects, so that a ledger hears of them by other ways alone."""
    key = info.store_keys["root"]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        credentials = StaticProvider(key.access_key, key.secret_key)
        root = Minio(
            info.minio_endpoint, credentials=credentials, region=info.minio_region, secure=False, session=session
        )
        told = await root.get_bucket_notification(info.bucket)
        await root.delete_bucket_notification(info.bucket)
        try:
            yield
        finally:
            await root.set_bucket_notification(info.bucket, told)
