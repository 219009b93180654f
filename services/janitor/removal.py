"""Removes objects from the store: a slice in one request, each slice checked once more right before.

What comes in parts may lie there without an object: its uploads are ended first, so that none is completed after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from services.chassis.abreast import abreast
from services.chassis.failpoints import failpoint
from services.chassis.tracing import span
from services.janitor.decide import Known
from services.janitor.store import Objects

SIDE_BY_SIDE = 2
"""So many slices are under way at once: while the store removes one, the next is looked at and sent."""


class Store(Protocol):
    """The calls of the object storage that are needed here."""

    async def delete_objects(self, object_keys: Sequence[str]) -> None:
        """Done also where there are no such objects. Raises Transient where any of them is still there."""
        ...

    async def end_uploads(self, object_key: str) -> int:
        """Ends all uploads in parts of exactly this key, and removes their parts; how many. Raises Transient."""
        ...


class Remover:
    """Deletes the objects of orders, `at_once` in one request, at most as many as the store takes; two at a time.

    No transaction is open meanwhile: a lock that waited for the store would hold up every decision about its rows.
    None is needed, since a key that has to go never has to stay later (see decide.py); the last look right before
    is for orders that were old when they came.
    """

    def __init__(self, objects: Objects, store: Store, at_once: int) -> None:
        self._objects = objects
        self._store = store
        self._at_once = at_once

    async def remove(self, orders: Sequence[Known]) -> list[Known]:
        """Those of `orders` whose objects are gone now. Raises Transient at the first slice that is not gone whole."""
        slices = list(_slices(orders, self._at_once))
        return [order for some in await abreast(self._remove, slices, SIDE_BY_SIDE) for order in some]

    async def _remove(self, some: Sequence[Known]) -> list[Known]:
        going = await self._objects.still_to_go([order.object_key for order in some])
        doomed = [order for order in some if order.object_key in going]
        if doomed:
            with span("janitor.remove", attributes={"janitor.objects": len(doomed)}):
                await self._delete(doomed)
        return doomed

    async def _delete(self, doomed: Sequence[Known]) -> None:
        failpoint("janitor.before_delete")
        in_parts = [order.object_key for order in doomed if order.multipart]
        await abreast(self._store.end_uploads, in_parts, SIDE_BY_SIDE)
        await self._store.delete_objects([order.object_key for order in doomed])
        failpoint("janitor.after_delete")


def _slices(orders: Sequence[Known], size: int) -> Iterator[Sequence[Known]]:
    return (orders[start : start + size] for start in range(0, len(orders), size))
