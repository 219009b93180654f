"""What this service has said and nobody has answered is said again: the job `reminders`.

A document may wait for ever where its request or its deletion went by somebody: offsets that were set forward, a
restore, a bug. Told again, through the outbox, it is looked up by the janitor, and the ledger says what it has decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from docuvault_contracts.cloudevents import Message

from services.chassis.jobs import Lease
from services.upload.document import Document, Status
from services.upload.messages import deletion_reminded, upload_reminded

SLICE = 1000
"""Documents looked at in one statement, and told of again in another."""
BACKLOG = 500
"""Messages in the outbox above which reminders wait: what clients do is told first."""
BACKLOG_SECONDS = 30.0
"""How long they wait; the rest is left to the next run."""
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """A place among the documents in the order in which they were told of."""

    told_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Slice:
    """The documents after `begin`, up to `end`; `size` is how many, answered ones too."""

    begin: Place
    end: Place
    size: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A document that waits, as it was read; `now` is the database's clock, `dead` that its URL has ended."""

    document: Document
    told_at: datetime
    now: datetime
    dead: bool


@dataclass(frozen=True, slots=True)
class Reminder:
    """What is to be said of a document that waits; nothing, for this time, where its URL lives."""

    of: Unanswered
    message: Message | None


class Waiting(Protocol):
    """The documents that wait, oldest first. Every method raises Transient."""

    async def next_slice(self, most: int) -> Slice | None:
        """What has not been looked at since it was told long enough ago; None where there is nothing."""
        ...

    async def unanswered(self, slice_: Slice) -> Sequence[Unanswered]:
        """Those of a slice that nobody has answered."""
        ...

    async def tell(self, reminders: Sequence[Reminder], upto: Place) -> int:
        """Says, of those that still wait, what is to be said, and remembers the place; how many were said."""
        ...

    async def backlog(self, most: int) -> int:
        """How many messages are yet to leave the outbox, counted up to `most`."""
        ...


class Reminders:
    """The work of the job: each document that waits is told of once a period, whichever replica does it."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting

    async def __call__(self, lease: Lease) -> Mapping[str, object]:
        """How many were told of again, and whether some are left since the outbox does not empty. See jobs.Work."""
        told = 0
        while (slice_ := await self._waiting.next_slice(SLICE)) is not None:
            if not await self._has_room(lease):
                return {"told": told, "left": True}
            reminders = [remind(each) for each in await self._waiting.unanswered(slice_)]
            await lease.check()
            told += await self._waiting.tell(reminders, slice_.end)
        return {"told": told, "left": False}

    async def _has_room(self, lease: Lease) -> bool:
        end = asyncio.get_running_loop().time() + BACKLOG_SECONDS
        while await self._waiting.backlog(BACKLOG) >= BACKLOG:
            if asyncio.get_running_loop().time() > end:
                return False
            await lease.check()
            await asyncio.sleep(LOOK_SECONDS)
        return True


def remind(each: Unanswered) -> Reminder:
    """What has to be said again of a document."""
    if each.document.status is Status.DELETED:
        return Reminder(each, deletion_reminded(each.document, each.now))
    return Reminder(each, upload_reminded(each.document, each.now) if each.dead else None)
