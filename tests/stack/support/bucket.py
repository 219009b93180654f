"""The bucket as its owner sees it, past the services."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from miniopy_async.api import Minio
from miniopy_async.notificationconfig import NotificationConfig

from deploy.local.info import StackInfo


@dataclass(frozen=True, slots=True)
class Seen:
    """What the store holds under a key: etag without quotes, size in bytes, time in ns (the store tells ms)."""

    key: str
    etag: str
    size_bytes: int
    modified_ns: int


class Bucket:
    """Lists, removes, and switches the notifications; with the root key."""

    def __init__(self, client: Minio, name: str) -> None:
        self._client = client
        self.name = name

    async def keys(self, prefix: str) -> set[str]:
        """All keys that start with `prefix`."""
        return {each.key async for each in self._list(prefix)}

    async def of(self, user_id: UUID) -> set[str]:
        """All keys of a user."""
        return await self.keys(f"{user_id}/")

    async def holds(self, key: str) -> bool:
        """Whether there is such an object."""
        return key in await self.keys(key)

    async def look(self, key: str) -> Seen:
        """What is under the key; AssertionError where nothing is."""
        found = [each async for each in self._list(key) if each.key == key]
        assert found, f"the store holds no {key}"
        return found[0]

    async def sizes_of(self, user_id: UUID) -> dict[str, int]:
        """All keys of a user, and how many bytes each holds."""
        return {each.key: each.size_bytes async for each in self._list(f"{user_id}/")}

    async def read(self, key: str) -> bytes:
        """All bytes of an object."""
        response = await self._client.get_object(self.name, key)
        try:
            return bytes(await response.read())
        finally:
            response.close()

    async def put(self, key: str, data: bytes) -> None:
        """Puts an object under any key."""
        await self._client.put_object(self.name, key, io.BytesIO(data), len(data))

    async def remove(self, key: str) -> None:
        """Removes an object behind the services' back."""
        await self._client.remove_object(self.name, key)

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[None]:
        """Inside, the store notifies nobody: what is known of an object is what the test says of it."""
        before = await self._client.get_bucket_notification(self.name)
        await self._client.set_bucket_notification(self.name, NotificationConfig())
        try:
            yield
        finally:
            await self._client.set_bucket_notification(self.name, before)

    async def _list(self, prefix: str) -> AsyncIterator[Seen]:
        async for found in self._client.list_objects(self.name, prefix=prefix, recursive=True):
            assert found.object_name is not None
            assert found.last_modified is not None
            ns = round(found.last_modified.timestamp() * 1000) * 1_000_000
            yield Seen(found.object_name, (found.etag or "").strip('"'), found.size or 0, ns)


@asynccontextmanager
async def open_bucket(info: StackInfo) -> AsyncIterator[Bucket]:
    """The bucket of a stack."""
    root = info.store_keys["root"]
    async with Minio(
        info.minio_endpoint, root.access_key, root.secret_key, secure=False, region=info.minio_region
    ) as client:
        yield Bucket(client, info.bucket)
