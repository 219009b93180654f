"""Fits the constants of services/classifier/modes/scoring.py, on the training part of the sets alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.eval.measures import NONE
from benchmarks.eval.methods import Embedded
from benchmarks.eval.sets import OF_PACKAGES
from benchmarks.eval.situations import WEIGHTS, Situation, situations
from services.classifier.modes.scoring import DESCRIPTION, Calibration, Floats, Lens, best_other, scores

LANGUAGE_DIRECTIONS = 6
LEAST_OF_A_LANGUAGE = 5
FLOORS, SHOWN = (-0.05, 0.0, 0.03, 0.05, 0.08, 0.1), (0.0, 0.05, 0.1, 0.15, 0.2)
THRESHOLDS = np.arange(0.2, 0.8, 0.05)
AS_GOOD = 0.002


@dataclass(frozen=True, slots=True)
class Fitted:
    """All constants, and how well they explain what they were fitted on (nats a pair of document and topic)."""

    lens: Lens
    calibration: Calibration
    loss: float


def fit(sets: Sequence[Embedded]) -> Fitted:
    """The constants of these sets."""
    lens = fit_lens(sets)
    seen = list(situations(sets, lens, held_out=False))
    calibration, loss = fit_calibration(seen)
    return Fitted(lens, calibration, loss)


def fit_lens(sets: Sequence[Embedded]) -> Lens:
    """Means over the sets, each as much as another, and the main directions between languages within a set."""
    documents = np.mean([_training(of).mean(axis=0) for of in sets], axis=0)
    topics = np.mean([of.topics.mean(axis=0) for of in sets], axis=0)
    apart = [each for of in sets if of.of.name != OF_PACKAGES for each in _languages(of)]
    directions = np.linalg.svd(np.array(apart), full_matrices=False)[2][:LANGUAGE_DIRECTIONS]
    return Lens(*(np.asarray(each, np.float32) for each in (documents, topics, directions)))


def _training(of: Embedded) -> Floats:
    return of.documents[of.of.part(held_out=False)]


def _languages(of: Embedded) -> Iterable[Floats]:
    """How far the mean of each language is from that of all."""
    spoken = np.array([of.of.documents[at].language for at in of.of.part(held_out=False)])
    vectors = _training(of)
    for language in sorted(set(spoken)):
        if (spoken == language).sum() > LEAST_OF_A_LANGUAGE:
            yield vectors[spoken == language].mean(axis=0) - vectors.mean(axis=0)


def fit_calibration(seen: Sequence[Situation]) -> tuple[Calibration, float]:
    """The least loss over a grid of floors, and a logistic regression at each."""
    rows = _Rows.of(seen)
    tried = (rows.fitted(floor, shown) for floor, shown in itertools.product(FLOORS, SHOWN))
    return min(tried, key=lambda found: found[1])


@dataclass(frozen=True, slots=True)
class _Rows:
    """Pairs of a document and a topic."""

    own: Floats
    other: Floats
    shown: Floats
    true: Floats
    weight: Floats

    @classmethod
    def of(cls, seen: Sequence[Situation]) -> _Rows:
        def column(of: Iterable[Any]) -> Floats:
            return np.concatenate([np.ravel(each) for each in of]).astype(np.float32)

        return cls(
            column(each.likeness for each in seen),
            column(best_other(each.likeness) for each in seen),
            column(np.full(each.likeness.shape, each.shown) for each in seen),
            column(np.arange(each.likeness.shape[1]) == each.truth[:, None] for each in seen),
            column(np.full(each.likeness.shape, WEIGHTS[each.kind] / each.likeness.shape[1]) for each in seen),
        )

    def fitted(self, floor: float, shown: float) -> tuple[Calibration, float]:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only the bench environment has it
        from sklearn.metrics import log_loss  # noqa: PLC0415

        rival = np.maximum(self.other, floor + shown * self.shown / (DESCRIPTION + self.shown))
        seen: Any = np.stack([self.own, rival], axis=1)
        learnt: Any = LogisticRegression(C=1e4).fit(seen, self.true, sample_weight=self.weight)
        loss = log_loss(self.true, learnt.predict_proba(seen)[:, 1], sample_weight=self.weight)
        own, other, offset = map(float, (*learnt.coef_[0], *learnt.intercept_))
        return Calibration(round(own, 1), round(-other, 1), round(offset, 2), floor, shown), float(loss)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a threshold does to the mix of situations: the share of filings that are right, of documents found."""

    threshold: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def weighed(seen: Sequence[Situation], calibration: Calibration, thresholds: Iterable[float]) -> list[Weighed]:
    """For each threshold, one topic a document."""
    found = [(each, scores(each.likeness, [each.shown] * each.likeness.shape[1], calibration)) for each in seen]
    return [_weighed(found, threshold) for threshold in thresholds]


def _weighed(found: Iterable[tuple[Situation, Floats]], threshold: float) -> Weighed:
    filed = right = wanted = 0.0
    for situation, score in found:
        weight, over = WEIGHTS[situation.kind], score.max(axis=1, initial=0) >= threshold
        filed += weight * over.sum()
        right += weight * (over & (score.argmax(axis=1) == situation.truth)).sum()
        wanted += weight * (situation.truth != NONE).sum()
    return Weighed(round(float(threshold), 2), right / max(1e-9, filed), right / max(1e-9, wanted))


def best_threshold(seen: Sequence[Situation], calibration: Calibration) -> Weighed:
    """The highest of those whose F1 is within AS_GOOD of the greatest."""
    found = weighed(seen, calibration, THRESHOLDS)
    greatest = max(each.f1 for each in found)
    return max((each for each in found if each.f1 >= greatest - AS_GOOD), key=lambda each: each.threshold)
