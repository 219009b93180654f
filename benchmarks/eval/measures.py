"""How good predictions are. Pure: scores have a row a document and a column a topic, `truth` is the right column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
Places = NDArray[np.intp]
NONE = -1
BINS = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """`accuracy` and `macro_f1` of the best topic, whatever its score (none where all are 0); the rest at a threshold.

    `coverage` is the share of documents that are filed, `precision` of those the share that are filed rightly; `ece`,
    the expected calibration error, is how far the best score is from how often it is right, over BINS bins.
    """

    accuracy: float
    macro_f1: float
    coverage: float
    precision: float
    ece: float


def measured(scores: Scores, truth: Places, threshold: float) -> Measured:
    """All of it."""
    best, score = best_of(scores), scores.max(axis=1)
    filed, right = score >= threshold, best == truth
    precision = float(right[filed].mean()) if filed.any() else 0.0
    f1 = macro_f1(best, truth, scores.shape[1])
    return Measured(float(right.mean()), f1, float(filed.mean()), precision, calibration_error(score, right))


def best_of(scores: Scores) -> Places:
    """The column of the best score of each row, NONE where nothing speaks for any."""
    return np.where(scores.max(axis=1) > 0, scores.argmax(axis=1), NONE)


def macro_f1(found: Places, truth: Places, topics: int) -> float:
    """The mean of the topics' F1; a document that is filed under nothing is a miss of its topic."""
    return float(np.mean([_f1(found == at, truth == at) for at in range(topics)]))


def _f1(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(2 * (found & truth).sum() / max(1, found.sum() + truth.sum()))


def reliability(score: Scores, right: NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    """Per bin of scores that is not empty: the mean score, the share that is right, and how many."""
    bins = np.minimum((score * BINS).astype(int), BINS - 1)
    within = [bins == at for at in range(BINS)]
    return [(float(score[each].mean()), float(right[each].mean()), int(each.sum())) for each in within if each.any()]


def calibration_error(score: Scores, right: NDArray[np.bool_]) -> float:
    """The expected calibration error."""
    return sum(abs(said - true) * count for said, true, count in reliability(score, right)) / max(1, len(score))


def confusion(found: Places, truth: Places, topics: int) -> list[list[int]]:
    """A row a true topic; a column a topic found, the last one is none."""
    return [[int(((truth == at) & (found == to)).sum()) for to in (*range(topics), NONE)] for at in range(topics)]
