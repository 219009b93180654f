"""From vectors to scores that mean something: how likely its owner would file a document under a topic. Pure.

The model's cosines all lie between 0.7 and 1, in whatever language a text is mostly by its language. So vectors are
looked at through a lens: less their mean, and less the directions in which languages differ. A topic is then the mean
of its description, which counts as much as DESCRIPTION examples, and of the documents that were filed under it by hand:
examples outweigh the description as they grow in number. What a document's likeness to a topic is worth depends on what
else there is: a logistic over that likeness and the best of all others'.

Numbers here were fitted by `python -m benchmarks.eval --fit` on the training part of its texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.classifier.filing import Vector

Floats = NDArray[np.float32]

DESCRIPTION = 3.0
"""Examples that a description is worth."""
KEYWORDS = 0.2
"""Likeness that a topic's keywords add where they occur as often as can be; half of it for the first."""
PRIOR_TOPICS = 4.0
"""Topics that the mean of all topics is worth, beside the owner's own topics."""
LENS = Path(__file__).with_name("lens.npz")


@dataclass(frozen=True, slots=True)
class Lens:
    """What all vectors have in common, taken away. `languages` are orthonormal rows."""

    documents: Floats
    topics: Floats
    languages: Floats

    @classmethod
    def load(cls, path: Path = LENS) -> Lens:
        """The fitted one."""
        with np.load(path, allow_pickle=False) as found:
            return cls(found["documents"], found["topics"], found["languages"])

    def document(self, vectors: Floats) -> Floats:
        """Documents' vectors, a row each or a single one, as they are compared."""
        return self._unit(vectors - self.documents)

    def topic(self, vectors: Floats) -> Floats:
        """All of an owner's topics' vectors, a row each, as they are compared."""
        mean = (PRIOR_TOPICS * self.topics + vectors.sum(axis=0)) / (PRIOR_TOPICS + len(vectors))
        return self._unit(vectors - mean)

    def _unit(self, vectors: Floats) -> Floats:
        return _unit(vectors - vectors @ self.languages.T @ self.languages)


@dataclass(frozen=True, slots=True)
class Calibration:
    """score = logistic(slope own - rival max(least, best other) + offset), of the likeness to a topic and to others.

    `least` is what the best other topic counts at least, `floor` where a topic has no examples, `shown` more where it
    has many: a document that is like nothing else is not for that reason like this.
    """

    slope: float
    rival: float
    offset: float
    floor: float
    shown: float


CALIBRATION = Calibration(slope=23.4, rival=22.1, offset=-0.99, floor=0.08, shown=0.1)
THRESHOLD = 0.45
"""The default threshold: where filings that are right and documents that are found weigh up best, and then rather the
higher one, since a document that is filed wrongly is worse than one that is not."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Of a document to each topic, -1 to 1: to the topic as a whole, its description, and its nearest example."""

    topics: Floats
    descriptions: Floats
    examples: Floats


def likeness(document: Vector, topics: Floats, examples: Sequence[Floats], lens: Lens) -> Likeness:
    """`topics` has a row a topic, `examples` a matrix a topic, of no rows where there are none."""
    seen, described = lens.document(document), lens.topic(topics)
    shown = np.split(lens.document(np.concatenate(examples)), np.cumsum([len(each) for each in examples])[:-1])
    nearest = [float((each @ seen).max()) if len(each) else -1.0 for each in shown]
    return Likeness(prototypes(described, shown) @ seen, described @ seen, np.array(nearest, np.float32))


def prototypes(described: Floats, shown: Sequence[Floats]) -> Floats:
    """A row a topic: the mean of its description and its examples, as they are compared."""
    pairs = zip(described, shown, strict=True)
    return _unit(np.stack([DESCRIPTION * each + examples.sum(axis=0) for each, examples in pairs]))


def scores(found: Floats, examples: Sequence[int], calibration: Calibration = CALIBRATION) -> Floats:
    """Of each topic's likeness (and its number of examples) its score, 0 to 1."""
    counted = np.asarray(examples, np.float32)
    least = calibration.floor + calibration.shown * counted / (DESCRIPTION + counted)
    rival = np.maximum(least, best_other(found))
    raised = calibration.slope * found - calibration.rival * rival + calibration.offset
    return np.asarray(1 / (1 + np.exp(-raised)), np.float32)


def best_other(found: Floats) -> Floats:
    """For each topic, along the last axis, the greatest likeness of any other; -1 where there is none."""
    if found.shape[-1] == 1:
        return np.full(found.shape, -1, np.float32)
    second, first = (part[..., None] for part in np.moveaxis(np.partition(found, -2)[..., -2:], -1, 0))
    best = np.arange(found.shape[-1]) == found.argmax(axis=-1)[..., None]
    return np.asarray(np.where(best, second, first), np.float32)


def _unit(vectors: NDArray[np.floating]) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)
