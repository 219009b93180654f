"""Walks several sorted streams side by side, so that a million keys are compared in the memory of a few."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from deploy.ops.audit_model import Account, Document, Filing, Holding, Item, Reservation, StoredObject


class NotSortedError(ValueError):
    """A stream's keys do not ascend: compared side by side, it would seem to differ where it does not."""


@dataclass(slots=True)
class _Head:
    """A stream, and the item it stands at (None at its end)."""

    stream: AsyncIterator[Item]
    item: Item | None = None

    async def advance(self) -> None:
        before, self.item = self.item, await anext(self.stream, None)
        if before is not None and self.item is not None and self.item.key <= before.key:
            raise NotSortedError(f"{self.item.key!r} came after {before.key!r}")


async def merged(*streams: AsyncIterator[Item]) -> AsyncIterator[Holding]:
    """One holding for each key of any stream, ascending. Each stream has each key once, in order of code points."""
    heads = [_Head(stream) for stream in streams]
    for head in heads:
        await head.advance()
    while (key := min((head.item.key for head in heads if head.item is not None), default=None)) is not None:
        here = [head for head in heads if head.item is not None and head.item.key == key]
        yield _holding(key, [head.item for head in here if head.item is not None])
        for head in here:
            await head.advance()


def _holding(key: str, items: list[Item]) -> Holding:
    account = reservation = document = stored = filing = None
    for item in items:
        match item:
            case Account():
                account = item
            case Reservation():
                reservation = item
            case Document():
                document = item
            case StoredObject():
                stored = item
            case Filing():
                filing = item
    return Holding(key, account, reservation, document, stored, filing)
