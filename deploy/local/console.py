"""Progress for people: a live line for each step on a terminal, plain lines anywhere else. Always standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

PATIENCE_SECONDS = 10.0
"""Without a terminal, how long a step may be silent before it says that it still works."""

Note = Callable[[str], None]


def say(text: str) -> None:
    """One plain line."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - what a person reads


class Steps:
    """Shows steps that may run side by side: `with steps.step("MinIO") as note: note("12 packages built")`."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._live = Progress(*columns, console=console, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    @contextmanager
    def step(self, title: str) -> Iterator[Note]:
        """Shows `title` while its block runs and, when that ends well, how long it took."""
        started = time.monotonic()
        with self._live_line(title) if self._live is not None else _plain_lines(title) as note:
            yield note
        say(f"- {title} ({time.monotonic() - started:.1f} s)")

    @contextmanager
    def _live_line(self, title: str) -> Iterator[Note]:
        live = self._live
        assert live is not None  # noqa: S101 - the caller asked
        task = live.add_task(title)
        try:
            yield lambda text: live.update(task, description=f"{title}: {text}")
        finally:
            live.remove_task(task)


@contextmanager
def _plain_lines(title: str) -> Iterator[Note]:
    """Says every PATIENCE_SECONDS what was last noted."""
    latest, done = [""], threading.Event()

    def repeat() -> None:
        waited = 0.0
        while not done.wait(PATIENCE_SECONDS):
            waited += PATIENCE_SECONDS
            say(f"  {title}: {latest[0] or 'working'} ({waited:.0f} s)")

    teller = threading.Thread(target=repeat, daemon=True)
    teller.start()
    try:
        yield lambda text: latest.__setitem__(0, text)
    finally:
        done.set()
        teller.join()
