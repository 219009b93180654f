"""How many dead letters a consumer may write before it halts: a flood of them is a broken writer, or a bug of ours.

A budget of `limit` is full at the start and refills evenly within `window_seconds`. Once it is spent the consumer is
halted, until half of it is there again: whoever looks finds it either going or not, and never creeping.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class DeadLetterBudget:
    """Times are monotonic seconds and only ever grow; a `limit` of 0 is none.

    A batch is buried whole, so the last one before a halt may overdraw; never by more than `limit`, so that no halt is
    longer than one and a half windows.
    """

    limit: int
    window_seconds: float
    halted: bool = False
    _left: float = field(init=False)
    _at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._left = self.limit

    def allows(self, now: float) -> bool:
        """Whether a batch with dead letters may go on; decides on halt and resumption."""
        if not self.limit:
            return True
        self._refill(now)
        self.halted = self._left < self.limit / 2 if self.halted else self._left <= 0
        return not self.halted

    def spend(self, count: int, now: float) -> None:
        """Counts dead letters that are about to be written."""
        self._refill(now)
        self._left = max(self._left - count, -self.limit)

    def wait_seconds(self, now: float) -> float:
        """How long until it goes on by itself, where it is halted."""
        self._refill(now)
        return max(0.0, (self.limit / 2 - self._left) * self.window_seconds / self.limit) if self.halted else 0.0

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._left = min(self.limit, self._left + (now - self._at) * self.limit / self.window_seconds)
        self._at = now
