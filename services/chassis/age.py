"""How old the oldest of something is, as a gauge that stays true while nobody can look."""

from __future__ import annotations

import time
from collections.abc import Callable


class Age:
    """Seconds, at most: whatever was not there at the last look is no older than that look.

    So it grows by itself where looks fail, and from the start of the process on where none ever succeeds. It is given
    to a gauge's `set_function`, which asks it at each scrape.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds, self._at = 0.0, clock()

    def seen(self, seconds: float) -> None:
        """A look found the oldest to be so old; 0 where it found none."""
        self._seconds, self._at = max(0.0, seconds), self._clock()

    def __call__(self) -> float:
        """How old it is by now."""
        return self._seconds + self._clock() - self._at
