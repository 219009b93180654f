"""How long the oldest commit has been under way: seconds, where a synchronous standby is waited for that is away.

Seen from the caller's side: a service may not look at what other sessions of the server wait for. A statement that
writes outside of a transaction commits as it ends, and is waited for as a commit is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count

from prometheus_client import Gauge

from services.chassis.metrics import REGISTRY


class UnderWay:
    """Since when each of some things is under way. It is given to a gauge's `set_function`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: dict[int, float] = {}
        self._numbers = count()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more, as long as the block."""
        number = next(self._numbers)
        self._began[number] = self._clock()
        try:
            yield
        finally:
            del self._began[number]

    def __call__(self) -> float:
        """Seconds of the oldest, 0 where there is none. What begins goes to the end: the first is the oldest."""
        first = next(iter(self._began.values()), None)
        return 0.0 if first is None else self._clock() - first


COMMIT = "COMMIT;"
"""As asyncpg's transactions say it."""
_COMMENT = re.compile(r"--[^\n]*")
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)


@lru_cache(maxsize=1024)
def writes(statement: str) -> bool:
    """Whether it changes rows, by its words; one that only locks them (FOR UPDATE) is taken for such."""
    return _WRITES.search(_COMMENT.sub("", statement)) is not None


COMMITS = UnderWay()
OLDEST_COMMIT = Gauge(
    "docuvault_postgres_oldest_commit_seconds",
    "how long the oldest commit has been under way, a transaction's or that of a statement by itself; long where the "
    "disk, or a synchronous standby, is waited for",
    registry=REGISTRY,
)
OLDEST_COMMIT.set_function(COMMITS)
