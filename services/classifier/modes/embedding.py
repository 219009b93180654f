"""Files a document by what it means: its vector beside those of the topics and of what was filed by hand."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from docuvault_contracts.events import FiledTopic

from services.classifier.filing import Filed, Owner, Topic, Vector
from services.classifier.modes.choice import choose
from services.classifier.modes.model import DIMENSION, Model
from services.classifier.modes.scoring import Floats, Lens, Likeness, likeness, scores
from services.classifier.reading import Text

BY_DESCRIPTION, BY_NAME = "Close to the topic's description", "Close to the topic's name"
BY_EXAMPLE = "Like a document that you filed here"
MOST_CACHED = 2_000
"""Topics' vectors kept in memory, of 1.5 kB each."""
_DECIMALS = 4
"""Of a score; the rest is noise of the order of additions."""


@dataclass(frozen=True, slots=True)
class TopicVector:
    """A vector that was made for a topic that had none, at this revision of it."""

    topic_id: UUID
    revision: int
    vector: Vector = field(compare=False)


Keep = Callable[[Sequence[TopicVector]], Awaitable[None]]
"""Stores them, with MODEL as what made them; a topic that has changed since is left alone."""


async def keep_nothing(_made: Sequence[TopicVector]) -> None:
    """For who needs no store."""


class EmbeddingFiler:
    """A filing.Filer. Topics' and examples' vectors must be of the model's present recipe (MODEL), or be left out."""

    def __init__(self, model: Model, keep: Keep = keep_nothing, lens: Lens | None = None) -> None:
        self._model, self._keep, self._lens = model, keep, lens or Lens.load()
        self._made: OrderedDict[str, asyncio.Future[Vector | None]] = OrderedDict()

    async def file(self, text: Text, owner: Owner) -> Filed:
        """The topics it is likely enough to belong under, and its vector; that alone where there are no topics."""
        vector = await self._model.vector(text.text)
        if vector is None or not owner.topics:
            return Filed((), vector)
        topics = await self._with_vectors(owner.topics)
        return Filed(choose(scored(vector, topics, self._lens), owner.wishes), vector)

    async def _with_vectors(self, topics: Sequence[Topic]) -> list[tuple[Topic, Vector]]:
        vectors = await asyncio.gather(*map(self._vector_of, topics))
        made = zip(topics, vectors, strict=True)
        new = [TopicVector(each.id, each.revision, vector) for each, vector in made if each.vector is None]
        if new:
            await self._keep(new)
        return list(zip(topics, vectors, strict=True))

    async def _vector_of(self, topic: Topic) -> Vector:
        """Its own, else one made of its words; made once where many documents wait for it."""
        if topic.vector is not None:
            return topic.vector
        text = topic_text(topic)
        if text not in self._made:
            self._made[text] = asyncio.ensure_future(self._model.vector(text))
            self._made[text].add_done_callback(lambda done: self._made_or_forgotten(text, done))
        self._made.move_to_end(text)
        vector = await asyncio.shield(self._made[text])
        return np.zeros(DIMENSION, np.float32) if vector is None else vector

    def _made_or_forgotten(self, text: str, done: asyncio.Future[Vector | None]) -> None:
        """What failed is tried again by the next; of what was made the newest are kept."""
        if done.cancelled() or done.exception():
            self._made.pop(text, None)
        while len(self._made) > MOST_CACHED:
            self._made.popitem(last=False)


def topic_text(topic: Topic) -> str:
    """What stands for the topic: its name and description; its keywords where it has no description."""
    about = topic.description.strip() or ", ".join(topic.keywords)
    return f"{topic.name}: {about}" if about else topic.name


def scored(document: Vector, topics: Sequence[tuple[Topic, Vector]], lens: Lens) -> list[FiledTopic]:
    """Every topic with its score and reason; their order changes nothing."""
    ordered = sorted(topics, key=lambda pair: pair[0].id)
    found = likeness(document, np.stack([vector for _, vector in ordered]), [_shown(t) for t, _ in ordered], lens)
    numbers = scores(found.topics, [len(topic.examples) for topic, _ in ordered])
    return [
        FiledTopic(topic_id=topic.id, name=topic.name, score=round(float(score), _DECIMALS), reason=why)
        for (topic, _), score, why in zip(ordered, numbers, _reasons(ordered, found), strict=True)
    ]


def _shown(topic: Topic) -> Floats:
    """Its examples, a row each, in an order of their own."""
    rows = [each.vector for each in sorted(topic.examples, key=lambda each: each.document_id)]
    return np.array(rows, np.float32).reshape(-1, DIMENSION)


def _reasons(topics: Sequence[tuple[Topic, Vector]], found: Likeness) -> list[str]:
    by_topic = zip(topics, found.descriptions, found.examples, strict=True)
    return [BY_EXAMPLE if shown > described else _by_words(topic) for (topic, _), described, shown in by_topic]


def _by_words(topic: Topic) -> str:
    return BY_DESCRIPTION if topic.description.strip() else BY_NAME
