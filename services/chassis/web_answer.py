"""What another server answers, read no further than it can be of use."""

from __future__ import annotations

import aiohttp


async def read_at_most(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body, or None where it is longer than `limit` bytes; the rest is not read, and the connection goes."""
    found = bytearray()
    if (response.content_length or 0) <= limit:
        async for chunk in response.content.iter_any():
            found += chunk
            if len(found) > limit:
                break
        else:
            return bytes(found)
    response.close()
    return None
