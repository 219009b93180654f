"""Wakes who waits for documents in line, within this process."""

from __future__ import annotations

import asyncio


class Bell:
    """Each ring ends one event and begins the next, so that no waiter takes a ring from another.

    rung = bell.next  # before the look
    ...  # there is nothing
    await rung.wait()
    """

    def __init__(self) -> None:
        self.next = asyncio.Event()

    def ring(self) -> None:
        """Something was put in line, and is committed."""
        rung, self.next = self.next, asyncio.Event()
        rung.set()
