"""What holds for every test run: it takes the stacks it started with it, however it is told to end."""

from __future__ import annotations

import signal
from types import FrameType


def pytest_configure() -> None:
    """A SIGTERM (`timeout`, a CI that cancels) ends like Ctrl-C: fixtures are torn down, stacks go down."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:
    """Only once: who signals a whole group of processes tells some of them twice, the second time in mid-teardown."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.default_int_handler(number, frame)
