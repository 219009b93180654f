"""One document in a world that reacts: what a confirm or a delete of it meets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import cast
from uuid import UUID

from docuvault_contracts.cloudevents import Message
from msgspec.structs import replace

from services.chassis.errors import Transient
from services.chassis.storage import ObjectStat, ObjectStorage
from services.upload.commands import Delete
from services.upload.confirm import Confirm
from services.upload.decide import Confirmed, Incoming, apply
from services.upload.document import Document, Reason, Status
from services.upload.ports import Command, Documents, Patience
from services.upload.waiters import Waiters
from tests.unit.upload_facts import DOCUMENT, USER, pending

STAT = ObjectStat(10, "e1", 5)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
END = 7
COMMAND = Command(USER, DOCUMENT, TRACE)
OK = Confirmed(DOCUMENT, 10, 10)


class World:
    """One document, what the store holds of it, and a broker on which `when_told` reacts to what is published."""

    def __init__(self, document: Document | None = None, stat: ObjectStat | None = STAT) -> None:
        self.document = document or pending()
        self.stats: list[ObjectStat | None] = [stat]
        self.published: list[Message] = []
        self.waiters = Waiters()
        self.when_told: Callable[[], Awaitable[None]] = self.nothing
        self.when_looked_at: Callable[[], Awaitable[None]] = self.nothing
        self.when_listening: Callable[[], Awaitable[None]] = self.nothing
        self.caught_up = True
        self.kafka_is_away = False
        self.database_is_full = False

    async def nothing(self) -> None:
        """The ledger is silent."""

    def hear(self, *events: Incoming, wake: bool = True) -> None:
        """Another replica commits what the events do."""
        for event in events:
            self.document = apply(self.document, event)
        if wake:
            self.waiters.wake([DOCUMENT])

    def react(self, *events: Incoming, wake: bool = True) -> None:
        """What is heard as soon as an observation is published."""

        async def told() -> None:
            self.hear(*events, wake=wake)

        self.when_told = told

    async def find(self, user_id: UUID, document_id: UUID) -> Document | None:
        return self.document if (user_id, document_id) == (USER, DOCUMENT) else None

    async def delete(self, document: Document, message: Message) -> bool:
        if self.database_is_full:
            raise Transient("postgres: the disk is full")
        self.published.append(message)
        self.document = replace(
            document, status=Status.DELETED, reason=Reason.DOCUMENT_DELETED, size_bytes=0, etag=None
        )
        await self.when_told()
        return True

    async def announce(self, message: Message) -> None:
        self.published.append(message)

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        assert object_key == self.document.object_key
        await self.when_looked_at()
        return self.stats.pop(0) if len(self.stats) > 1 else self.stats[0]

    async def publish(self, messages: Sequence[Message], /) -> None:
        self.published.extend(messages)
        await self.when_told()

    async def mark(self, document_id: UUID) -> int:
        assert document_id == DOCUMENT
        if self.kafka_is_away:
            raise Transient("kafka: away")
        return END

    async def heard(self, mark: int) -> bool:
        assert mark == END
        await self.when_listening()
        return self.caught_up

    def confirm(self, seconds: float = 5, poll: float = 5) -> Confirm[int]:
        documents, storage = cast("Documents", self), cast("ObjectStorage", self)
        return Confirm(documents, storage, self, self.waiters, Patience(seconds, poll))

    def delete_command(self, seconds: float = 5, poll: float = 5) -> Delete:
        return Delete(cast("Documents", self), self.waiters, Patience(seconds, poll))
