"""The real ledger, two replicas of it, beside the model: what is told to one is told to the other, and compared.

Each world has users of its own, so that it needs no clean database, and all that ever was is there to be audited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from services.chassis.errors import Transient
from services.chassis.outbox import Outbox
from services.quota.handler import QuotaHandler
from services.quota.parsing import QuotaParser
from services.quota.store import PgAccounts, PgLedger
from tests.prove.facts import KEYS, Fact, Heard, asks
from tests.prove.records import BUCKET, message_of, read_message, record_of, traceparent
from tests.prove.sight import Sight, look
from tests.prove.spec import DEFAULT_LIMIT, Book

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Said = list[dict[str, Any]]
Standing = tuple[int, int]
RETRIES = 50
_worlds = count(1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that arrive together."""

    records: Sequence[Heard]

    def users(self) -> set[int]:
        return {fact.user for heard in self.records for fact, _ in heard.facts}

    def owners(self) -> set[int]:
        """Users of whose objects it tells."""
        return {fact.user for heard in self.records for fact, _ in heard.facts if fact.kind != "registered"}

    def unasked(self, users: set[int]) -> Batch:
        """Without what asks about objects of `users`."""
        return Batch([each for each in self.records if not any(f.user in users and asks(f) for f, _ in each.facts)])

    def model(self, books: Sequence[Book | None], now: datetime) -> tuple[Said, Said]:
        """What is said of it, and of accounts that it opens; users without a book are left out."""
        said, opened = Said(), Said()
        for place, (fact, origin) in enumerate(each for heard in self.records for each in heard.facts):
            book = books[fact.user]
            if book is None:
                continue
            if fact.kind == "registered":
                event = book.register(None if fact.size < 0 else fact.size)
                opened += [message_of(event)] if event else []
            else:
                event = book.hear(fact, origin, now + timedelta(microseconds=place))
                said += [message_of(event, traceparent(fact))] if event else []
        return said, opened


@dataclass(frozen=True, slots=True)
class Limit:
    """An administrator's word."""

    user: int
    limit: int

    def users(self) -> set[int]:
        return {self.user}

    def owners(self) -> set[int]:
        return set()

    def unasked(self, _users: set[int]) -> Limit:
        return self

    def model(self, books: Sequence[Book | None], _now: datetime) -> tuple[Said, Said]:
        """Nothing of objects, and the change where it is one."""
        book = books[self.user]
        event = book.set_limit(self.limit) if book else None
        return [], [message_of(event)] if event else []


class World:
    """The ledger and the model of it, for users that nobody else has."""

    def __init__(self, pools: Sequence[Pool], eyes: Pool, users: int) -> None:
        number = next(_worlds)
        self.books = [Book(UUID(int=number << 80 | user)) for user in range(users)]
        self._now = datetime(2026, 1, 2, tzinfo=UTC)
        self._parse = QuotaParser(BUCKET, DEFAULT_LIMIT)
        self._handlers = [QuotaHandler(PgLedger(pool, Outbox(), lambda: self._now)) for pool in pools]
        self._accounts = PgAccounts(pools[-1], Outbox())
        self._eyes = eyes
        self._documents = {
            book.user: [book.document(Fact("absent", 0, key)) for key in range(KEYS)] for book in self.books
        }

    async def tell(self, what: Batch | Limit) -> Said:
        """To one replica, while nobody else says anything; what it said."""
        self._tick()
        before = self._standing()
        real = await self._do(what, 0)
        said, opened = what.model(self.books, self._now)
        assert real == said
        self._check(await self._look(), by_user(opened), before)
        return real

    async def race(self, *rivals: Batch | Limit) -> Said:
        """All at once: what becomes of each user must be what becomes of it in some order of the rivals.

        Who has no account has nothing to lock, so two questions may each miss the decision beside the other: none such.
        """
        self._tick()
        before = self._standing()
        strangers = {number for number, book in enumerate(self.books) if book.limit is None}
        rivals = tuple(each.unasked(strangers) for each in rivals)
        real = await asyncio.gather(*(self._insist(each, number) for number, each in enumerate(rivals)))
        seen = await self._look()
        opened = {}
        for number in set().union(*(each.users() for each in rivals)):
            self.books[number], opened[self.books[number].user] = self._explain(number, rivals, real, seen)
        self._check(seen, opened, before)
        return [message for said in real for message in said]

    def _explain(
        self, number: int, rivals: Sequence[Batch | Limit], real: Sequence[Said], seen: Sight
    ) -> tuple[Book, Said]:
        """The book of the user after the rivals, in the first order that explains what was seen."""
        user = self.books[number].user
        found = [by_user(said).get(user, []) for said in real], seen.of(user)
        possible = []
        for order in permutations(range(len(rivals))):
            book, said, opened = self._in_order(number, rivals, order)
            if found == (said, Sight.expected(book, opened)):
                return book, opened
            possible.append((said, Sight.expected(book, opened)))
        raise AssertionError(f"no order of the rivals explains\n{found}\nbut these could be:\n{possible}")

    def _in_order(
        self, number: int, rivals: Sequence[Batch | Limit], order: Sequence[int]
    ) -> tuple[Book, list[Said], Said]:
        book = self.books[number].copy()
        books = [book if n == number else None for n in range(len(self.books))]
        outcome = {n: rivals[n].model(books, self._now) for n in order}
        return book, [outcome[n][0] for n in range(len(rivals))], [each for n in order for each in outcome[n][1]]

    async def _do(self, what: Batch | Limit, replica: int) -> Said:
        if isinstance(what, Batch):
            records = [record_of(heard, self.books) for heard in what.records]
            batch = [delivery for record in records for delivery in self._parse(record)]
            return [read_message(message) for message in await self._handlers[replica].handle(batch)]
        account = await self._accounts.set_limit(self.books[what.user].user, what.limit)
        assert account.limit_bytes == what.limit
        return []

    async def _insist(self, what: Batch | Limit, replica: int) -> Said:
        """As the consumer does. Accounts are locked and opened in order: only strangers may meet in a circle."""
        strangers = any(self.books[user].limit is None for user in what.owners())
        for attempt in range(RETRIES):
            try:
                return await self._do(what, replica % len(self._handlers))
            except Transient as trouble:
                if "eadlock" in str(trouble) and not strangers:
                    raise AssertionError("they waited for each other in a circle") from trouble
                await asyncio.sleep(0.001 * attempt)
        raise AssertionError("it never passed")

    def _check(self, seen: Sight, opened: dict[UUID, Said], before: Sequence[Standing]) -> None:
        for book, standing in zip(self.books, before, strict=True):
            mine = seen.of(book.user)
            assert mine == Sight.expected(book, opened.get(book.user, []))
            mine.hold(*standing)

    async def _look(self) -> Sight:
        return await look(self._eyes, self._documents)

    def _standing(self) -> list[Standing]:
        return [(book.used, book.limit or 0) for book in self.books]

    def _tick(self) -> None:
        self._now += timedelta(microseconds=1)


def by_user(said: Said) -> dict[UUID, Said]:
    """Messages by whom they concern, each user's in their order."""
    found: dict[UUID, Said] = {}
    for message in said:
        found.setdefault(UUID(message["data"]["user_id"]), []).append(message)
    return found
