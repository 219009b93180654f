"""How far a long piece of work is, on standard error: nothing while it is short."""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType
from typing import Self

SOON_SECONDS, OFTEN_SECONDS = 0.5, 0.1
"""On a terminal: the silence before the first word, and between two."""
PATIENCE_SECONDS = 10.0
"""Anywhere else."""


class Progress:
    """A line that is rewritten on a terminal, a line every ten seconds anywhere else. Leaves a terminal clean.

    `among_lines` says that lines of the answer come meanwhile.
    """

    def __init__(self, what: str, total: int, *, among_lines: bool = False) -> None:
        self._what = what
        self._total = total
        self._terminal = sys.stderr.isatty()
        self._due = time.monotonic() + (SOON_SECONDS if self._terminal else PATIENCE_SECONDS)
        if among_lines and sys.stdout.isatty():  # they show by themselves how far it is
            self._due = math.inf
        self._shown = False

    def at(self, done: int) -> None:
        """So many of the total are done."""
        if (now := time.monotonic()) < self._due:
            return
        self._due = now + (OFTEN_SECONDS if self._terminal else PATIENCE_SECONDS)
        self._shown = True
        start, end = ("\r\x1b[K", "") if self._terminal else ("", "\n")
        print(f"{start}{self._what}: {done:,} of {self._total:,}", end=end, file=sys.stderr, flush=True)  # noqa: T201

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201 - as above
