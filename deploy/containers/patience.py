"""Work on servers that are healthy and may still be away for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from deploy.local.errors import StackError, one_line

ATTEMPTS = 30
"""A second lies between two."""


async def until_done(work: Callable[[], Awaitable[None]]) -> None:
    """Tries until it is done. Raises StackError: that of `work` at once, and what stands in its way at last."""
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            return await work()
        except StackError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a client raises of a server that is not there yet
            reason = one_line(error)
            await asyncio.sleep(1)
    raise StackError(reason)
