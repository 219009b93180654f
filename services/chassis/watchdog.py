"""Ends a process that is stuck: records wait, nothing is committed, and no known trouble explains it.

A process is fine while it has nothing to do, commits, or is backing off from trouble that it knows (each failed attempt
is a sign of life, so an outage of a dependency ends nobody). It is stuck where a handler, a client or the event loop
itself hangs. A thread watches, since a hung loop could not; a restart replays the batch, which is always safe.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)

STUCK_EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h."""
CHECK_SECONDS = 1.0
SUSPENDED_SECONDS = 5.0
"""A longer gap between two checks means that the whole process was stopped (SIGSTOP, a sleeping host), not stuck."""

Clock = Callable[[], float]
OnStuck = Callable[["Watchdog"], None]


class Watchdog:
    """How long ago the process last gave a sign of life. `clock` is monotonic, in seconds."""

    def __init__(self, limit_seconds: float, clock: Clock = time.monotonic) -> None:
        self.limit_seconds = limit_seconds
        self.clock = clock
        self.lag = 0
        self._since = clock()

    def alive(self, pause_seconds: float = 0.0) -> None:
        """It committed, or it failed in a way it knows and will try again after `pause_seconds`."""
        self._since = self.clock() + pause_seconds

    def see(self, lag: int) -> None:
        """Records that wait or are at work. None at all is a sign of life: there is nothing to commit."""
        self.lag = lag
        if lag == 0:
            self.alive()

    @property
    def silent_seconds(self) -> float:
        """Time since the last sign of life, in seconds."""
        return self.clock() - self._since

    @property
    def stuck(self) -> bool:
        """Whether it is to be ended."""
        return self.silent_seconds > self.limit_seconds


@contextmanager
def guarded(watchdog: Watchdog, on_stuck: OnStuck | None = None, every: float = CHECK_SECONDS) -> Iterator[None]:
    """Watches from a thread of its own; `on_stuck` (default: end the process) is called once, from that thread."""
    done = threading.Event()
    work = (watchdog, on_stuck or end_process, done, every)
    thread = threading.Thread(target=_watch, args=work, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(every)


def _watch(watchdog: Watchdog, on_stuck: OnStuck, done: threading.Event, every: float) -> None:
    last = watchdog.clock()
    while not done.wait(every):
        now = watchdog.clock()
        if now - last > every + SUSPENDED_SECONDS:
            watchdog.alive()
        last = now
        if watchdog.stuck:
            on_stuck(watchdog)
            return


def end_process(watchdog: Watchdog) -> None:
    """Says why and where every thread stands, and exits at once: what hangs would not let a clean stop through."""
    log.critical("watchdog.stuck", lag=watchdog.lag, silent_seconds=round(watchdog.silent_seconds, 1))
    faulthandler.dump_traceback(all_threads=True)
    sys.stdout.flush()
    os._exit(STUCK_EXIT_CODE)
