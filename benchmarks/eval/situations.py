"""What a score has to mean something in: users with all topics, with few, and documents that fit none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.eval.measures import NONE, Places
from benchmarks.eval.methods import Embedded, drawn, likenesses
from services.classifier.modes.scoring import Floats, Lens

SHOWN = (0, 1, 5, 12)
"""Corrections a topic; some of the 20 training documents have to be left to fit on."""
SEEDS = 2
ALL, FOREIGN, REMOVED, FEW = "all topics", "foreign documents", "own topic removed", "few topics"
WEIGHTS = {ALL: 1.0, FOREIGN: 0.12, REMOVED: 0.06, FEW: 0.15}
"""Judged, not measured: of a user's documents about one in seven fits none of the topics, a third of these almost."""
_FEW_TOPICS = (1, 2, 3)
_STRANGERS = 0.1
"""Share of the documents of topics that a user of few does not have that are filed all the same."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Documents (rows) by their likeness to a user's topics (columns); `truth` is a column or NONE."""

    kind: str
    shown: int
    likeness: Floats
    truth: Places


def situations(sets: Sequence[Embedded], lens: Lens, *, held_out: bool) -> Iterator[Situation]:
    """All of them, on the evaluation or the training part; what was shown as a correction is not asked for."""
    for of in sets:
        foreign = [other.documents[other.of.part(held_out=held_out)] for other in sets if other is not of]
        strangers = np.concatenate(foreign) if foreign else of.documents[:0]
        for shown in SHOWN:
            for seed in range(SEEDS):
                yield from _Drawn(of, lens, shown, seed).all(strangers, held_out=held_out)


class _Drawn:
    """One drawing of corrections."""

    def __init__(self, of: Embedded, lens: Lens, shown: int, seed: int) -> None:
        self._of, self._lens, self._shown = of, lens, shown
        self._corrections = drawn(of.of, shown, seed)
        self._random = np.random.default_rng(seed)

    def all(self, strangers: Floats, *, held_out: bool) -> Iterator[Situation]:
        used = {at for several in self._corrections for at in several}
        asked = [at for at in self._of.of.part(held_out=held_out) if at not in used]
        truth = np.array([self._of.of.documents[at].topic for at in asked])
        found = likenesses(self._of, self._of.documents[asked], self._corrections, self._lens)
        yield Situation(ALL, self._shown, found, truth)
        yield self._foreign(strangers, len(asked))
        for topic in range(found.shape[1]):
            yield self._removed(self._of.documents[asked][truth == topic], topic)
        for size in _FEW_TOPICS:
            yield self._few(self._of.documents[asked], truth, size)

    def _foreign(self, strangers: Floats, most: int) -> Situation:
        some = strangers[self._random.permutation(len(strangers))[:most]]
        found = likenesses(self._of, some, self._corrections, self._lens)
        return Situation(FOREIGN, self._shown, found, np.full(len(some), NONE))

    def _removed(self, documents: Floats, topic: int) -> Situation:
        left = [at for at in range(len(self._of.of.topics)) if at != topic]
        return Situation(REMOVED, self._shown, self._among(documents, left), np.full(len(documents), NONE))

    def _few(self, documents: Floats, truth: Places, size: int) -> Situation:
        left = [int(at) for at in self._random.permutation(len(self._of.of.topics))[:size]]
        column = np.array([left.index(at) if at in left else NONE for at in truth])
        kept = (column != NONE) | (self._random.random(len(column)) < _STRANGERS)
        return Situation(FEW, self._shown, self._among(documents[kept], left), column[kept])

    def _among(self, documents: Floats, topics: Sequence[int]) -> Floats:
        fewer = Embedded(self._of.of, self._of.topics[list(topics)], self._of.documents)
        return likenesses(fewer, documents, [self._corrections[at] for at in topics], self._lens)
