"""Files a document by what it means: its vector beside those of the topics and of what was filed by hand.

A topic's keywords, where it has any, speak for it as well: they know words of a narrow field that the model does not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from docuvault_contracts.events import FiledTopic

from services.classifier.filing import Filed, Owner, Topic, Vector
from services.classifier.modes.choice import choose
from services.classifier.modes.keywords import Hits, count, occurrence, score
from services.classifier.modes.model import DIMENSION, Model
from services.classifier.modes.scoring import KEYWORDS, Floats, Lens, Likeness, likeness, scores
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
        hits = await _hits(text, owner.topics)
        found = await asyncio.to_thread(scored, vector, topics, hits, self._lens)
        return Filed(choose(found, owner.wishes), vector)

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


async def _hits(text: Text, topics: Sequence[Topic]) -> dict[UUID, Hits]:
    """For each topic its keywords that occur; in a thread, since a long text takes tenths of a second."""
    keywords = {topic.id: topic.keywords for topic in topics if topic.keywords}
    if not keywords:
        return {}
    found = await asyncio.to_thread(count, text.text, text.language, list(keywords.values()))
    return dict(zip(keywords, found, strict=True))


def scored(
    document: Vector, topics: Sequence[tuple[Topic, Vector]], hits: Mapping[UUID, Hits], lens: Lens
) -> list[FiledTopic]:
    """Every topic with its score and reason; their order changes nothing."""
    ordered = sorted(topics, key=lambda pair: pair[0].id.int)
    found = likeness(document, np.stack([vector for _, vector in ordered]), [_shown(t) for t, _ in ordered], lens)
    said = [KEYWORDS * score(hits.get(topic.id, {}).values()) for topic, _ in ordered]
    numbers = scores(found.topics + np.array(said, np.float32), [len(topic.examples) for topic, _ in ordered])
    whys = (_reason(topic, found, at, hits.get(topic.id, {})) for at, (topic, _) in enumerate(ordered))
    return [
        FiledTopic(topic_id=topic.id, name=topic.name, score=round(float(number), _DECIMALS), reason=why)
        for (topic, _), number, why in zip(ordered, numbers, whys, strict=True)
    ]


def _shown(topic: Topic) -> Floats:
    """Its examples, a row each, in an order of their own."""
    rows = [each.vector for each in sorted(topic.examples, key=lambda each: each.document_id.int)]
    return np.array(rows, np.float32).reshape(-1, DIMENSION)


def _reason(topic: Topic, found: Likeness, at: int, hits: Hits) -> str:
    """What of the topic the document is nearest to, and its keyword where one occurs."""
    words = BY_DESCRIPTION if topic.description.strip() else BY_NAME
    nearest = BY_EXAMPLE if found.examples[at] > found.descriptions[at] else words
    return f"{nearest}; {occurrence(hits)}" if hits else nearest
