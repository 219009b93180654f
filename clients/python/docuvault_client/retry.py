"""What is tried again, and after how long. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may do: of the API, and of the store."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is sent at most, and how long is waited in between and for what; all times in seconds."""

    tries: int = 6
    first_seconds: float = 0.25
    longest_seconds: float = 10.0
    retry_after_seconds: float = 60.0
    """The longest wait that a server may ask for."""
    answer_seconds: float = 75.0
    """For an answer of the API; a confirm waits for the ledger meanwhile."""
    stall_seconds: float = 60.0
    """For a transfer that does not move."""
    decision_seconds: float = 120.0
    """For the ledger, where confirms say that it has not decided."""

    def pause(self, tried: int, retry_after: float | None = None, chance: Callable[[], float] = random.random) -> float:
        """Seconds before the next try, after so many: what the server asks for, else longer each time, by chance."""
        most = min(self.longest_seconds, self.first_seconds * 2.0 ** min(tried - 1, 30))
        asked = min(retry_after or 0.0, self.retry_after_seconds)
        return max(asked, most * (0.5 + chance() / 2))


def seconds_of(retry_after: str | None) -> float | None:
    """The header's seconds; None where it is absent, or a date."""
    return float(retry_after) if retry_after is not None and retry_after.strip().isdecimal() else None
