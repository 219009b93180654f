"""Reads the beginning of one certain object: a ranged GET that holds for this etag alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import ClientResponse
from miniopy_async.error import S3Error

from services.chassis.storage import ObjectChangedError, ObjectHead, ObjectNotFoundError
from services.chassis.storage_errors import BEYOND, CHANGED, is_missing_object, says, translated

NO_TYPE = "application/octet-stream"


Ask = Callable[[str, int, dict[str, str]], Awaitable[ClientResponse]]
"""Asks for so many bytes of a key (0: all), under these headers, and returns once the answer begins."""


async def read_head(ask: Ask, object_key: str, most_bytes: int, etag: str) -> ObjectHead:
    """See ObjectStorage. How long the bytes may stream is the caller's to bound."""
    try:
        with translated():
            return await _read_head(ask, object_key, most_bytes, {"If-Match": f'"{etag}"'})
    except Exception as error:
        if is_missing_object(error):
            raise ObjectNotFoundError(object_key) from error
        if says(error, CHANGED):
            raise ObjectChangedError(object_key) from error
        raise


async def _read_head(ask: Ask, object_key: str, most_bytes: int, headers: dict[str, str]) -> ObjectHead:
    """MinIO refuses the range before the etag where the object is empty: then all of it is asked for."""
    try:
        response = await ask(object_key, most_bytes, headers)
    except S3Error as error:
        if not says(error, BEYOND):
            raise
        response = await ask(object_key, 0, headers)
    return await _read(response, most_bytes)


async def _read(response: ClientResponse, most_bytes: int) -> ObjectHead:
    """A store that ignores the range sends more, which is left unread."""
    data = bytearray()
    try:
        async for chunk in response.content.iter_any():
            data += chunk
            if len(data) >= most_bytes:
                break
    finally:
        response.close()
    return ObjectHead(bytes(data[:most_bytes]), response.headers.get("Content-Type", NO_TYPE))
