"""The object store: what the services ask of it, whoever keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct


class ObjectNotFoundError(LookupError):
    """The store has no object under the key that was to be read."""


class ObjectChangedError(LookupError):
    """The store holds another object under the key than the one that was to be read."""


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """The first bytes of an object, and the content type that whoever put it there told."""

    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """What the store holds under a key, by its own word.

    `size` is in bytes, `etag` is without quotes. `observed_ns` is the object's own time in ns since the epoch: the
    store tells it in ms, and it is rounded up to the last ns of that ms, so it is never before the ns-precise time
    that a notification of the same object carries.
    """

    size: int
    etag: str
    observed_ns: int


class Listed(Struct, frozen=True, gc=False):
    """What a listing says of an object: `size` in bytes, `etag` without quotes, `observed_ns` as ObjectStat has it."""

    key: str
    size: int
    etag: str
    observed_ns: int


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the bucket: `objects` in the order of their keys; `more` where there are keys after the last one.

    `looked_ns` is the store's own time when it answered, in ns since the epoch: whole seconds, rounded down.
    """

    objects: Sequence[Listed]
    looked_ns: int
    more: bool


MOST_KEYS = 1000
"""The most keys of one multi-delete, and of one page, by S3's rules."""


class ObjectStorage(Protocol):
    """Every method raises Transient where the store is away, overloaded, slow, or refuses us (a key, a policy)."""

    async def put_object(self, object_key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Writes the whole object in one request; replaces what was there."""
        ...

    def get_object(
        self, object_key: str, max_bytes: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Streams the stored bytes in chunks, at most `max_bytes` of them. Raises ObjectNotFoundError on entering."""
        ...

    async def read_head(self, object_key: str, most_bytes: int, etag: str) -> ObjectHead:
        """The first `most_bytes` (1 or more) of the object with this etag, all of it where it is shorter.

        Raises ObjectNotFoundError, and ObjectChangedError where what is there now is another.
        """
        ...

    async def delete_object(self, object_key: str) -> None:
        """Removes the object; one that is not there is fine."""
        ...

    async def delete_objects(self, object_keys: Sequence[str]) -> None:
        """Removes up to MOST_KEYS objects in one request; those that are not there are fine.

        Raises Transient where any of them is still there, and others may be gone; ValueError for too many.
        """
        ...

    async def end_uploads(self, object_key: str) -> int:
        """Ends all uploads in parts of exactly this key, and removes their parts; how many there were."""
        ...

    async def list_page(self, after: str = "", most: int = MOST_KEYS) -> Page:
        """The objects whose keys come after `after` in S3's order, that of UTF-8 bytes; at most `most` of them."""
        ...

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        """What is under exactly this key, or None."""
        ...

    async def presigned_get_url(
        self, object_key: str, expires_minutes: int = 15, download_name: str | None = None
    ) -> str:
        """A URL on the public endpoint that reads the object; a browser saves it under `download_name`, if given."""
        ...

    async def generate_presigned_put_url(self, object_key: str, expires_minutes: int = 15) -> str:
        """A URL on the public endpoint that takes a bare PUT of the bytes. Never log it: it is a key."""
        ...

    async def presigned_upload_url(
        self, object_key: str, seconds: int, size_bytes: int | None = None, traceparent: str | None = None
    ) -> str:
        """As generate_presigned_put_url, for so many seconds; with a size, one that takes these many bytes, once.

        Such a PUT must say `If-None-Match: *`. With another length it is a 403, and a second one is a 412. The object
        keeps `traceparent`, and the notification of it tells it.
        """
        ...

    async def presigned_download_url(self, object_key: str, seconds: int, name: str, media_type: str) -> str:
        """A URL on the public endpoint by which a browser saves the object under `name`, as nothing that runs."""
        ...

    async def health_check(self) -> None:
        """Returns where the store answers and has our bucket; raises otherwise."""
        ...
