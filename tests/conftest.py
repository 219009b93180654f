"""What holds for every test run: it takes the stacks it started with it, however told to end, and wastes little."""

from __future__ import annotations

import gc
import signal
from types import FrameType

import structlog

COLLECT_EVERY = 50_000
"""As services do (services/__init__.py)."""


def pytest_configure() -> None:
    """A SIGTERM (`timeout`, a CI that cancels) ends like Ctrl-C: fixtures are torn down, stacks go down."""
    signal.signal(signal.SIGTERM, _end)
    _log_plainly()


def _log_plainly() -> None:
    """Tracebacks as Python writes them: with all variables, as rich draws them, one takes half a processor-second."""
    renderer = structlog.get_config()["processors"][-1]  # the default one, which `reset_defaults` brings back
    renderer.exception_formatter = structlog.dev.plain_traceback


def pytest_collection_finish() -> None:
    """What was imported stays: nobody looks for garbage in it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)


def _end(number: int, frame: FrameType | None) -> None:
    """Only once: who signals a whole group of processes tells some of them twice, the second time in mid-teardown."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.default_int_handler(number, frame)
