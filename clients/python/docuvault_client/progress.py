"""How far an upload is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Step(IntEnum):
    """The three steps of an upload, and its end."""

    ASKING = 1
    """For a place to put the bytes to."""
    SENDING = 2
    DECIDING = 3
    """The ledger decides whether it fits."""
    DONE = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload is. `sent_bytes` may fall: what was lost on the way is sent again."""

    step: Step
    sent_bytes: int
    total_bytes: int


Watch = Callable[[Progress], None]
"""Is told of each step and of each piece of some 64 KiB; quick, since the transfer waits for it."""


def nobody(_: Progress) -> None:
    """Watches nothing."""


@dataclass(slots=True)
class Meter:
    """Adds up what was sent, and tells who watches."""

    total: int
    watch: Watch
    sent: int = 0
    step: Step = Step.ASKING

    def at(self, step: Step) -> None:
        """It begins."""
        self.step = step
        self._tell()

    def moved(self, size: int) -> None:
        """So many bytes more, or fewer."""
        self.sent += size
        self._tell()

    def _tell(self) -> None:
        self.watch(Progress(self.step, self.sent, self.total))
