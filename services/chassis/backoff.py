"""Exponential back-off with full jitter: replicas that failed together do not come back together.

Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

BASE_SECONDS = 0.05
CAP_SECONDS = 5.0


@dataclass(slots=True)
class Backoff:
    """Delays in seconds, each drawn from 0 to a ceiling that doubles up to `cap`; one object per piece of work.

    A floor of a tenth of the ceiling keeps a run of lucky draws from hammering a server that is starting.
    """

    base: float = BASE_SECONDS
    cap: float = CAP_SECONDS
    draw: Callable[[float, float], float] = random.uniform
    attempts: int = 0

    def next(self) -> float:
        """How long to wait now, in seconds; counts the attempt."""
        ceiling = min(self.cap, self.base * 2 ** min(self.attempts, 32))
        self.attempts += 1
        return self.draw(ceiling / 10, ceiling)
