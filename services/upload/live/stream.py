"""One client's stream: what it has yet to be told. Ids of documents alone, each once, so that it stays small.

What was told is what the window had up to the moment in which nothing was left to tell: only then does an id go out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

TOO_MANY = "There were too many changes at once"


@dataclass(frozen=True, slots=True)
class Wants:
    """What is to be read and told next. `all` says that nothing else is left to be told of this moment."""

    documents: frozenset[UUID]
    account: bool
    all: bool


@dataclass(eq=False, slots=True)
class Stream:
    """What a client is to be told. `most` documents may wait; more of them are a `reset`."""

    user_id: UUID
    most: int
    resume: str | None = None
    """The id it goes on from, until it is known what came after; None where it begins."""
    undecided: bool = True
    """Whether it is yet to be found out where it begins or goes on."""
    greeted: bool = False
    """Whether its client was told hello: it has listed what there is since."""
    reset: str | None = None
    """Why it is to list anew, until it has been told so."""
    ended: str | None = None
    """Why nothing more is to be told."""
    cut: Callable[[], None] | None = None
    """Cuts the connection, while it is being written to."""
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    _documents: set[UUID] = field(default_factory=set)
    _account: bool = True

    @property
    def has_news(self) -> bool:
        """Whether there is something to be told."""
        return not self.undecided and bool(self._documents or self._account or self.reset)

    @property
    def is_clean(self) -> bool:
        """Whether it has been told all that the window knows."""
        return not (self.undecided or self.has_news)

    def hear(self, document_id: UUID | None) -> None:
        """A document has changed, or the account alone; with a document the account may have, too."""
        self._account = True
        if document_id is not None:
            self._documents.add(document_id)
            if len(self._documents) > self.most:
                self.lose(TOO_MANY)
        self.bell.set()

    def hear_all(self, document_ids: Iterable[UUID]) -> None:
        """What was missed while it was away."""
        self._documents.update(document_ids)
        self.bell.set()

    def lose(self, reason: str) -> None:
        """It is to list anew: all that waits is in that list, or comes after it."""
        self.reset = reason
        self._documents.clear()
        self._account = True
        self.bell.set()

    def take_reset(self) -> str | None:
        """Why it is to list anew, once; what waits until then is in that list."""
        reason, self.reset = self.reset, None
        if reason is not None:
            self._documents.clear()
        return reason

    def take(self, most: int) -> Wants:
        """What is to be told next, at most so many documents."""
        documents = frozenset(list(self._documents)[:most])
        self._documents -= documents
        account, self._account = self._account, False
        return Wants(documents, account, not self._documents)

    def give_back(self, wants: Wants) -> None:
        """It could not be read now."""
        self._documents |= wants.documents
        self._account = self._account or wants.account

    def end(self, why: str) -> None:
        """Nothing more is to be told; the first reason counts."""
        self.ended = self.ended or why
        self.bell.set()
        if self.cut is not None:
            self.cut()
