"""A line in memory, and parts of the work that do as a test says: for what runs through the line, not for its SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from services.chassis.errors import Transient
from services.classifier.attempt import Attempts
from services.classifier.bell import Bell
from services.classifier.desk import Desk
from services.classifier.filing import Filed, Mode, NotFiled, Owner, Wishes
from services.classifier.model import Claim, Conclusion, Result
from services.classifier.reading import Reading, Source, Text
from services.classifier.runners import Pace, Runners
from services.classifier.work import Work
from tests.unit.classifier_facts import KEY, NOW, USER


def terms_of(text: str, language: str | None) -> tuple[str, ...]:
    """Its words, and the language."""
    return (*text.split(), str(language))


def claim(user: UUID = USER, attempts: int = 1) -> Claim:
    """Of a fresh document."""
    return Claim(uuid4(), user, KEY, version=1, round=1, etag="e", size_bytes=5, attempts=attempts)


@dataclass
class World:
    """Each part of the work, and the line. `troubles` are raised one after the other by the part of that name."""

    waiting: list[Claim] = field(default_factory=list)
    wishes: Wishes = field(default_factory=lambda: Wishes(Mode.EMBEDDING, 0.5, 3))
    source: Source | None = field(default_factory=lambda: Source(b"hello", 5, "text/plain", ".txt"))
    reading: Reading = field(default_factory=lambda: Text("hello", "text/plain", "en"))
    filing: Filed | NotFiled = field(default_factory=lambda: Filed(()))
    troubles: dict[str, list[Exception]] = field(default_factory=dict)
    when_read: Callable[[], Awaitable[object]] | None = None
    recorded: list[tuple[Claim, Result]] = field(default_factory=list)
    left: list[Claim] = field(default_factory=list)
    given_back: list[tuple[Claim, float, bool]] = field(default_factory=list)
    renewed: list[Sequence[Claim]] = field(default_factory=list)
    filed_for: list[Owner] = field(default_factory=list)
    reads: int = 0
    most: int = 0
    desk: Desk = field(default_factory=lambda: Desk(2))
    bell: Bell = field(default_factory=Bell)

    def _meet(self, part: str) -> None:
        if self.troubles.get(part):
            raise self.troubles[part].pop(0)

    async def claim(self, passed_over: Collection[UUID]) -> Claim | None:
        self._meet("claim")
        found = next((one for one in self.waiting if one.user_id not in passed_over), None)
        if found is not None:
            self.waiting.remove(found)
        return found

    async def renew(self, claims: Sequence[Claim]) -> None:
        self.renewed.append(claims)

    async def give_back(self, claim: Claim, delay_seconds: float, *, counted: bool) -> None:
        self._meet("give_back")
        self.given_back.append((claim, delay_seconds, counted))

    async def leave(self, claim: Claim) -> None:
        self.left.append(claim)

    async def length(self) -> int:
        return len(self.waiting) + len(self.desk.at_work)

    async def wishes_of(self, user_id: UUID) -> Wishes:  # noqa: ARG002 - as the protocol has it
        self._meet("wishes")
        return self.wishes

    async def owner(self, user_id: UUID, wishes: Wishes) -> Owner:
        return Owner(user_id, (), wishes)

    async def fetch(self, claim: Claim) -> Source | None:  # noqa: ARG002 - as the protocol has it
        self._meet("fetch")
        return self.source

    async def read(self, source: Source) -> Reading:  # noqa: ARG002 - as the protocol has it
        self.reads += 1
        self.most = max(self.most, len(self.desk.at_work))
        if self.when_read is not None:
            await self.when_read()
        self._meet("read")
        return self.reading

    async def file(self, text: Text, owner: Owner) -> Filed | NotFiled:  # noqa: ARG002 - as the protocol has it
        self.filed_for.append(owner)
        self._meet("file")
        return self.filing

    async def record(self, claim: Claim, result: Result) -> Conclusion | None:
        self._meet("record")
        self.recorded.append((claim, result))
        return Conclusion("filed", NOW)

    @property
    def work(self) -> Work:
        return Work(owners=self, fetch=self.fetch, reader=self, filer=self, terms_of=terms_of, records=self, line=self)

    async def attempt(self, claim: Claim, stop: asyncio.Event | None = None) -> None:
        """One attempt, with what is remembered of none before."""
        await Attempts(self.work, self, self.desk)(claim, stop or asyncio.Event())

    def runners(self, count: int = 3, grace_seconds: float = 5, lease_seconds: float = 30) -> Runners:
        pace = Pace(count, lease_seconds, grace_seconds)
        return Runners(self, Attempts(self.work, self, self.desk), self.desk, self.bell, pace)


AWAY = Transient("away")


def again(before: Claim) -> Claim:
    """The same, claimed once more."""
    return replace(before, attempts=before.attempts + 1)
