"""Waiting for what comes by itself: look until it is so, never for a fixed time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

WITHIN_SECONDS = 30.0
POLL_SECONDS = 0.05


async def eventually(look: Callable[[], Awaitable[object]], *, becomes: object, within: float = WITHIN_SECONDS) -> None:
    """Looks until it sees `becomes`; AssertionError with what was seen last where that takes over `within` seconds."""
    end = time.monotonic() + within
    while (seen := await look()) != becomes:
        assert time.monotonic() < end, f"after {within} s it is {seen!r}, not {becomes!r}"
        await asyncio.sleep(POLL_SECONDS)
