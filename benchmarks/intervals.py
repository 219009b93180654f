"""How sure a median is: a percentile bootstrap (Efron). Pure but for the die, which is seeded: the same each time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import median

DRAWS = 2000
SURE = 0.95


def interval(numbers: Sequence[float], sure: float = SURE, draws: int = DRAWS) -> tuple[float, float]:
    """The ends between which the median lies, as sure as said; of at least one number."""
    die = random.Random(48)  # noqa: S311 - statistics
    medians = sorted(median(die.choices(numbers, k=len(numbers))) for _ in range(draws))
    outside = int(draws * (1 - sure) / 2)
    return medians[outside], medians[-1 - outside]
