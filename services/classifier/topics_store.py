"""Users' topics in PostgreSQL. What they are called is compared as naming.py folds it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg
from docuvault_contracts.http_topics import MAX_TOPICS, Topic, TopicPatch, TopicRequest

from services.chassis.postgres import Connection, load_sql, transaction, translated
from services.classifier.naming import distinct, fold

SQL = load_sql("services.classifier")

REMOVAL = "topics_removal"
"""The job that takes deleted topics off documents."""


class TopicRefused(Enum):
    """Why a topic cannot be as it was wanted."""

    NAME_TAKEN = "name_taken"
    TOO_MANY = "too_many"


class Topics(Protocol):
    """The topics of each user; another's do not exist. All raise Transient where the database is away."""

    async def list(self, user_id: UUID) -> Sequence[Topic]:
        """All of them, by name."""
        ...

    async def get(self, user_id: UUID, topic_id: UUID) -> Topic | None:
        """One of them."""
        ...

    async def create(self, user_id: UUID, wanted: TopicRequest) -> Topic | TopicRefused:
        """A new one, as long as there are fewer than MAX_TOPICS and none has the name."""
        ...

    async def change(self, user_id: UUID, topic_id: UUID, wanted: TopicPatch) -> Topic | TopicRefused | None:
        """One of them, changed in what is not None."""
        ...

    async def delete(self, user_id: UUID, topic_id: UUID) -> bool:
        """Whether there was one; it is gone at once, and taken off documents by the job REMOVAL."""
        ...


class PgTopics:
    """Topics on the table `topics`."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def list(self, user_id: UUID) -> Sequence[Topic]:
        """See Topics."""
        with translated():
            return [_topic(row) for row in await self._pool.fetch(SQL["read_topics"], user_id, None)]

    async def get(self, user_id: UUID, topic_id: UUID) -> Topic | None:
        """See Topics."""
        with translated():
            row = await self._pool.fetchrow(SQL["read_topics"], user_id, topic_id)
        return None if row is None else _topic(row)

    async def create(self, user_id: UUID, wanted: TopicRequest) -> Topic | TopicRefused:
        """See Topics."""
        topic_id = uuid4()
        keywords, folded = distinct(wanted.keywords), fold(wanted.name)
        values = (topic_id, user_id, wanted.name, folded, wanted.description, keywords, MAX_TOPICS)
        try:
            async with transaction(self._pool) as connection:
                await connection.execute(SQL["lock_user"], user_id)
                made = await connection.fetchval(SQL["create_topic"], *values)
                return TopicRefused.TOO_MANY if made is None else await _read(connection, user_id, topic_id)
        except asyncpg.UniqueViolationError:
            return TopicRefused.NAME_TAKEN

    async def change(self, user_id: UUID, topic_id: UUID, wanted: TopicPatch) -> Topic | TopicRefused | None:
        """See Topics."""
        keywords = None if wanted.keywords is None else distinct(wanted.keywords)
        folded = None if wanted.name is None else fold(wanted.name)
        try:
            with translated():
                await self._pool.execute(
                    SQL["change_topic"], topic_id, user_id, wanted.name, folded, wanted.description, keywords
                )
        except asyncpg.UniqueViolationError:
            return TopicRefused.NAME_TAKEN
        return await self.get(user_id, topic_id)

    async def delete(self, user_id: UUID, topic_id: UUID) -> bool:
        """See Topics."""
        with translated():
            return await self._pool.fetchval(SQL["delete_topic"], topic_id, user_id, REMOVAL) is not None


async def _read(connection: Connection, user_id: UUID, topic_id: UUID) -> Topic:
    return _topic((await connection.fetch(SQL["read_topics"], user_id, topic_id))[0])


def _topic(row: asyncpg.Record) -> Topic:
    return Topic.model_validate(dict(row))
