"""Deletes what is past its retention, in batches that nobody has to wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.chassis.lease import Lease

BATCH = 1000
"""Rows in one transaction."""

Delete = Callable[[int], Awaitable[int]]
"""Deletes at most so many of the rows that are past their retention, in a transaction; how many there were."""


async def purge(lease: Lease, delete: Delete, most: int = BATCH) -> int:
    """How many rows `delete` found, `most` at a time, until it finds fewer. Raises LeaseLost and Transient."""
    total = 0
    while True:
        await lease.check()
        deleted = await delete(most)
        total += deleted
        if deleted < most:
            return total
