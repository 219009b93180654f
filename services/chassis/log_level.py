"""More of the log for a while: SIGUSR2 makes a process log DEBUG, until the next one or the end of a bounded time.

A signal, and no route: it needs no token (the janitor verifies none) and no port, and only who may end the process may
send it. `docuvault logs --service upload-1 --debug` sends it on the local stack, `docker kill --signal=USR2` elsewhere.
"""

from __future__ import annotations

import asyncio
import signal

import structlog

from services.chassis.logging import Level, level_now, set_level

log = structlog.get_logger(__name__)

DEBUG_SECONDS = 600.0
"""How long more is logged, however often it is asked for: what is forgotten must not fill a disk."""


class Verbosity:
    """Switches between DEBUG and the level there was before."""

    def __init__(self, seconds: float = DEBUG_SECONDS) -> None:
        self._seconds = seconds
        self._usual: Level = "INFO"
        self._ending: asyncio.TimerHandle | None = None

    def toggle(self) -> None:
        """To DEBUG for the bounded time, or back before it is over."""
        if self._ending is not None:
            self._end("asked")
            return
        self._usual = level_now()
        set_level("DEBUG")
        self._ending = asyncio.get_running_loop().call_later(self._seconds, self._end, "time")
        log.warning("log.level_changed", to="DEBUG", seconds=self._seconds)

    def _end(self, because: str) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = None
        log.warning("log.level_changed", to=self._usual, because=because)
        set_level(self._usual)


def listen_for_verbosity() -> None:
    """From here on SIGUSR2, which would end the process, toggles what it logs."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, Verbosity().toggle)
