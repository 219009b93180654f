"""What the commands need of the world, and nothing more of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from docuvault_contracts.cloudevents import Message

from services.chassis.producer import Publisher
from services.upload.accounts import Account
from services.upload.document import Document
from services.upload.idempotency import Claim, Kept
from services.upload.listing import Found, Wanted
from services.upload.waiters import Limit

M = TypeVar("M")


class Documents(Protocol):
    """The documents and, in the same transaction, the events about them. Every method raises Transient."""

    async def create(self, document: Document, message: Message) -> None:
        """Inserts a pending document together with its event."""
        ...

    async def create_all(self, made: Sequence[tuple[Document, Message]]) -> None:
        """Inserts pending documents together with their events, all or none."""
        ...

    async def create_claimed(self, made: Sequence[tuple[Document, Message]], claim: Claim, kept: Kept) -> bool:
        """As create_all, where the claim's key is free, which is kept with it; False where it was taken.

        Who comes while somebody else is at it waits for what becomes of that.
        """
        ...

    async def find_all(self, user_id: UUID, document_ids: Sequence[UUID]) -> Sequence[Document]:
        """Those of the documents that are the user's, in any order; tombstones too."""
        ...

    async def find(self, user_id: UUID, document_id: UUID) -> Document | None:
        """The user's document, a tombstone too; None for another user's."""
        ...

    async def list(self, wanted: Wanted) -> Found:
        """At most `wanted.limit` live documents, in the list's order."""
        ...

    async def delete(self, document: Document, message: Message) -> bool:
        """Makes a live document a tombstone together with its event; False where it was none any more."""
        ...

    async def announce(self, message: Message) -> None:
        """Keeps an event that goes with no change of a row."""
        ...


class Accounts(Protocol):
    """The copy of the ledger's accounts."""

    async def find(self, user_id: UUID) -> Account | None:
        """The user's account; None where the ledger has said nothing of it yet. Raises Transient."""
        ...


class Keys(Protocol):
    """The idempotency keys of all users."""

    async def find(self, user_id: UUID, key: str) -> Kept | None:
        """What the user's key stands for; None where it is free. Raises Transient."""
        ...


class Ledger(Publisher, Protocol[M]):
    """Tells the ledger, and knows how far this service has listened to it. Every method raises Transient."""

    async def mark(self, document_id: UUID) -> M:
        """The end of all that the ledger has said of the document by now."""
        ...

    async def heard(self, mark: M) -> bool:
        """Whether the rows know all of it."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """Who wants it, of which document, in which trace; `given_up` tells whether they still wait for the answer."""

    user_id: UUID
    document_id: UUID
    traceparent: str
    given_up: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request waits for what is decided elsewhere, and how often it looks unasked; seconds."""

    seconds: float
    poll_seconds: float = 0.5

    def limit(self, command: Command) -> Limit:
        """The limit of a wait that begins now."""
        return Limit(asyncio.get_running_loop().time() + self.seconds, self.poll_seconds, command.given_up)
