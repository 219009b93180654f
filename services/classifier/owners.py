"""Whose document it is, with all that decides where it belongs: the topics, their examples and the owner's wishes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

import asyncpg

from services.chassis.postgres import translated
from services.classifier.columns import bytes_of, vector_of
from services.classifier.filing import Example, Owner, Topic, Vector, Wishes
from services.classifier.store import SQL

MOST_EXAMPLES = 50
"""Of a topic, the newest."""

WishesOf = Callable[[UUID], Awaitable[Wishes]]
"""The settings of a user; the defaults where there are none. Raises Transient."""


class Made(Protocol):
    """A vector that was made of a topic at a revision of it."""

    @property
    def topic_id(self) -> UUID:
        """The topic."""

    @property
    def revision(self) -> int:
        """Which of its revisions."""

    @property
    def vector(self) -> Vector:
        """What was made."""


class PgOwners:
    """Reads owners, in two statements beside that of their wishes. `recipe` is of the vectors that are of use."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], wishes_of: WishesOf, recipe: str) -> None:
        self._pool = pool
        self._wishes_of = wishes_of
        self._recipe = recipe

    async def wishes_of(self, user_id: UUID) -> Wishes:
        """How the user's documents are classified. Raises Transient."""
        return await self._wishes_of(user_id)

    async def owner(self, user_id: UUID, wishes: Wishes) -> Owner:
        """The user's topics as they are now, the oldest first. Raises Transient."""
        with translated():
            topics = await self._pool.fetch(SQL["topics_of_user"], user_id, self._recipe)
            found = await self._pool.fetch(SQL["examples_of_user"], user_id, self._recipe, MOST_EXAMPLES)
        examples = _by_topic(found)
        return Owner(user_id, tuple(_topic(row, examples.get(row["id"], ())) for row in topics), wishes)

    async def keep_vectors(self, made: Sequence[Made]) -> None:
        """Keeps vectors that were made of topics, for the next document. Raises Transient."""
        rows = [(each.topic_id, each.revision, bytes_of(each.vector)) for each in made]
        if rows:
            with translated():
                await self._pool.execute(SQL["keep_topic_vectors"], *zip(*rows, strict=True), self._recipe)


def _topic(row: asyncpg.Record, examples: Sequence[Example]) -> Topic:
    vector = None if row["vector"] is None else vector_of(row["vector"])
    return Topic(**{**dict(row), "keywords": tuple(row["keywords"]), "vector": vector, "examples": tuple(examples)})


def _by_topic(rows: Iterable[asyncpg.Record]) -> Mapping[UUID, Sequence[Example]]:
    found: dict[UUID, list[Example]] = {}
    for row in rows:
        found.setdefault(row["topic_id"], []).append(Example(row["document_id"], vector_of(row["vector"])))
    return found
