"""Multipart uploads, as the services ask them of the object store, whoever keeps it: S3's own calls and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

MIB = 1024 * 1024
LEAST_PART_BYTES = 5 * MIB
"""Of every part but the last."""
MOST_PART_BYTES = 5 * 1024 * MIB
MOST_PARTS = 10_000
MOST_OBJECT_BYTES = 5 * 1024 * 1024 * MIB

Method = Literal["GET", "POST", "PUT", "DELETE"]


class UploadNotFoundError(LookupError):
    """The store has no such multipart upload: it never had, it was completed, or it was aborted."""


class PartsRefusedError(ValueError):
    """The store makes no object of these parts; `code` is S3's: InvalidPart, InvalidPartOrder, EntityTooSmall."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Part:
    """A part that the store holds: `number` from 1, `size` in bytes, `etag` without quotes."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload that was begun and has neither been completed nor aborted."""

    object_key: str
    upload_id: str


class MultipartStorage(Protocol):
    """Every method that asks the store raises Transient where it is away, overloaded, slow, or refuses us."""

    async def create(self, object_key: str, content_type: str, traceparent: str | None = None) -> str:
        """Begins an upload of the key; its id. The object will keep `traceparent`."""
        ...

    async def list_parts(self, object_key: str, upload_id: str) -> Sequence[Part]:
        """All parts there are, by their numbers. Raises UploadNotFoundError."""
        ...

    async def complete(self, object_key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """Makes the object of parts, each by its number and etag. Raises UploadNotFoundError and PartsRefusedError."""
        ...

    async def abort(self, object_key: str, upload_id: str) -> None:
        """Ends the upload and removes its parts; one that is not there is fine."""
        ...

    async def list_uploads(self, object_key: str) -> Sequence[OpenUpload]:
        """Uploads of exactly this key, at most a page of them; of all keys that the store tells of where it is ""."""
        ...

    async def abort_all(self, object_key: str) -> int:
        """Ends all uploads of exactly this key; how many there were."""
        ...

    def presigned(
        self,
        method: Method,
        object_key: str,
        seconds: int,
        query: Mapping[str, str],
        traceparent: str | None = None,
    ) -> str:
        """A URL on the public endpoint for one of S3's calls about an upload. Never log it: it is a key."""
        ...

    def location(self, object_key: str) -> str:
        """Where the object is on the public endpoint; without a signature nobody may read it."""
        ...
