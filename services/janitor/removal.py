"""Removes objects from the store: several at once, a bounded number of them, each checked once more before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from services.chassis.failpoints import failpoint
from services.chassis.retry import apart
from services.janitor.decide import Known
from services.janitor.store import Objects


class Store(Protocol):
    """The one call of the object storage that is needed here."""

    async def delete_object(self, object_key: str) -> None:
        """Done also where there is no such object. Raises Transient where the store is away."""
        ...


class Remover:
    """Deletes the objects of orders, `at_once` at a time.

    No transaction is open meanwhile: a lock that waited for the store would hold up every decision about its rows.
    None is needed, since a key that has to go never has to stay later (see decide.py); the last look right before
    is for orders that were old when they came.
    """

    def __init__(self, objects: Objects, store: Store, at_once: int) -> None:
        self._objects = objects
        self._store = store
        self._at_once = at_once

    async def remove(self, orders: Sequence[Known]) -> list[Known]:
        """Those of `orders` whose objects are gone now. Raises Transient at the first that could not be deleted."""
        gone: list[Known] = []
        for some in _slices(orders, self._at_once):
            going = await self._objects.still_to_go([order.object_key for order in some])
            doomed = [order for order in some if order.object_key in going]
            if doomed:
                failpoint("janitor.before_delete")
                await self._delete(doomed)
                failpoint("janitor.after_delete")
            gone += doomed
        return gone

    async def _delete(self, orders: Sequence[Known]) -> None:
        """Not by a TaskGroup: it would take a deletion that the driver cut off from inside for one that was done."""
        deletions = [asyncio.create_task(apart(self._store.delete_object(order.object_key))) for order in orders]
        try:
            await asyncio.wait(deletions)
        finally:
            for deletion in deletions:
                deletion.cancel()
        for deletion in deletions:
            deletion.result()


def _slices(orders: Sequence[Known], size: int) -> Iterator[Sequence[Known]]:
    return (orders[start : start + size] for start in range(0, len(orders), size))
